import { ratioAtMost } from '../bar.ts';
import { nodeId } from '../fleet.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { bareSockets } from '../tasks/bare-sockets.ts';
import { fanOut } from '../tasks/fan-out.ts';

/** How long after the first of many subscribers the last has a change: what is left when the way of the change itself is taken off. */
export const fanOutRow: Row = {
  name: 'fan-out',
  title: 'one change to 5,000 subscribers, until the last has it',
  async measure(rig) {
    const world = await rig.world('small');
    // Without endpoints: no check tells of their health afterwards, so that each is one change.
    const fleet = world.newFleet('fan', 10, false);
    const sockets = rig.size(5000, 20);
    const hanging = rig.size(500, 2);
    const changes = rig.size(10, 2);
    let from = 0;
    const gateway = async (count: number, hanging = 0) => {
      const kafka = { ...world.kafka, topic: world.topic('introspection') };
      from += changes;
      return world.load.run(fanOut, {
        url: world.gateway.url,
        sockets: count,
        hanging,
        changes,
        fleet,
        from: from - changes,
        kafka,
        message: '',
      });
    };
    const warm = await gateway(1);
    const { url } = await world.yardstick.run(bareSockets, {});
    const message = warm.message.replaceAll(nodeId(fleet, from - 1), 'NODE_ID');
    const bare = (count: number) =>
      world.load.run(fanOut, { url, sockets: count, hanging: 0, changes, fleet, from: 0, kafka: null, message });
    await bare(1);

    const rounds = await rig.inRounds(async () => ({
      one: median((await gateway(1)).last),
      all: median((await gateway(sockets)).last),
      amongHanging: median((await gateway(sockets, hanging)).last),
      twice: median((await gateway(2 * sockets)).last),
      bareOne: median((await bare(1)).last),
      bareAll: median((await bare(sockets)).last),
    }));
    return [
      {
        what: `change to ${sockets} subscribers, without what it takes to one`,
        figure: median(rounds.map(({ one, all }) => all - one)),
        unit: 'ms',
        yardstick: {
          what: 'one string, sent with ws.send',
          figure: median(rounds.map(({ bareOne, bareAll }) => bareAll - bareOne)),
        },
        bar: ratioAtMost(1.5),
      },
      {
        what: `the same with ${hanging} more among them that read nothing`,
        figure: median(rounds.map(({ one, amongHanging }) => amongHanging - one)),
        unit: 'ms',
      },
      { what: `change to ${2 * sockets} subscribers, likewise`, figure: median(rounds.map(({ one, twice }) => twice - one)), unit: 'ms' },
      { what: 'announcement to the only subscriber', figure: median(rounds.map(({ one }) => one)), unit: 'ms' },
    ];
  },
};
