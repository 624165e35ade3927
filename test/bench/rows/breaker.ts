import { atMost } from '../bar.ts';
import { clock } from '../clock.ts';
import { capabilityOf } from '../fleet.ts';
import type { Row } from '../row.ts';
import { announce } from '../tasks/announce.ts';
import { httpLoad } from '../tasks/http-load.ts';
import { question } from './answers.ts';

const PER_SECOND = 50;
const INSTANCES = 10;

/** Consul dies while nodes announce themselves and clients ask; then it comes back. */
export const breaker: Row = {
  name: 'breaker',
  title: 'Consul killed while 50 nodes a second announce themselves and clients ask',
  async measure(rig) {
    const world = await rig.world('small');
    const { gateway, load, yardstick } = world;
    const { consul } = world.consulStack;
    const standing = world.checkedFleet('hundred', INSTANCES);
    await world.populate(standing, rig.size(100, INSTANCES));
    const seconds = rig.seconds(10);
    const asked = { ...question(world, standing), connections: 8, seconds, perSecond: 400 };
    const known = (await gateway.health()).metrics.known_nodes;
    const count = PER_SECOND * seconds;
    const fleet = world.newFleet('outage', INSTANCES);
    await load.run(httpLoad, { ...asked, seconds: 1 });
    const quiet = await load.run(httpLoad, asked);
    const killedAt = clock();
    await consul.kill();
    let openAfter = 0;
    let under = quiet;
    try {
      const opened = gateway
        .until('the circuit of Consul is open', ({ checks }) => checks.circuit_breakers.consul_circuit === 'open', 10)
        .then(() => {
          openAfter = (clock() - killedAt) / 1000;
        });
      const announced = yardstick.run(announce, {
        ...world.kafka,
        topic: world.topic('introspection'),
        fleet,
        from: 0,
        count,
        perSecond: PER_SECOND,
      });
      [under] = await Promise.all([load.run(httpLoad, asked), announced, opened]);
    } finally {
      await consul.start();
    }
    const backAt = clock();
    await gateway.until('all that announced themselves are registered', ({ metrics }) => metrics.known_nodes >= known + count);
    const registeredAfter = (clock() - backAt) / 1000;
    await gateway.untilHealthy(capabilityOf(fleet, 0), INSTANCES);
    return [
      { what: 'until its circuit was open', figure: openAfter, unit: 's' },
      {
        what: 'p99 of an answer meanwhile',
        figure: under.p99,
        unit: 'ms',
        yardstick: { what: 'before', figure: quiet.p99 },
      },
      { what: 'answers that failed', figure: under.failed, unit: 'calls', bar: atMost(0) },
      { what: `once it was back, until the ${count} nodes were registered`, figure: registeredAfter, unit: 's' },
    ];
  },
};
