import { atMost } from '../bar.ts';
import { clock } from '../clock.ts';
import { capabilityOf, nodeId, serviceNameOf } from '../fleet.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';
import { askUntilGone } from '../tasks/ask-until-gone.ts';
import { serveHealth } from '../tasks/serve-health.ts';
import { WorkerProcess } from '../worker-process.ts';
import { question } from './answers.ts';

const INSTANCES = 3;
const INTERVAL = 20;

/** A process that served well is gone from one moment to the next, while clients ask for what it can do. */
export const killedNode: Row = {
  name: 'killed-node',
  title: 'a node killed with `kill -9` while clients resolve its capability → no answer contains it',
  async measure(rig) {
    const world = await rig.world('killed-node');
    const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, perSecond: null, patience: 60_000 };
    const victim = async (round: number) => {
      const fleet = world.checkedFleet(`killed-${round}`, INSTANCES);
      const { healthUrl } = (await processes[round]?.run(serveHealth, {})) ?? { healthUrl: null };
      await world.load.run(announceAndSee, { ...order, fleet: { ...fleet, healthUrl }, from: 0, count: 1 });
      await world.load.run(announceAndSee, { ...order, fleet, from: 1, count: INSTANCES - 1 });
      await world.gateway.untilHealthy(capabilityOf(fleet, 0), INSTANCES);
      return fleet;
    };
    const processes = await Promise.all(Array.from({ length: rig.rounds }, () => WorkerProcess.start()));
    try {
      // All at once: what Consul takes by itself is more than a minute.
      const fleets = await rig.inRounds(victim);
      const text = (round: number) => nodeId({ ...world.checkedFleet(`killed-${round}`, INSTANCES) }, 0);
      const asking = fleets.map((fleet, round) => {
        const common = { text: text(round), interval: INTERVAL, patience: 300_000 };
        const consul = { url: world.consulUrl(`/health/service/${serviceNameOf(fleet, 0)}?passing`), method: 'GET' } as const;
        return Promise.all([
          world.load.run(askUntilGone, { ...question(world, fleet), ...common }),
          world.yardstick.run(askUntilGone, { ...consul, ...common }),
        ]);
      });
      const killedAt = clock();
      await Promise.all(processes.map((process) => process.kill()));
      const rounds = await Promise.all(asking);
      const seconds = (at: number) => (at - killedAt) / 1000;
      return [
        {
          what: `last answer with it, Consul's interval at ${world.config.consul.checkInterval / 1000} s`,
          figure: median(rounds.map(([gateway]) => seconds(gateway.lastAt))),
          unit: 's',
          yardstick: { what: 'Consul alone', figure: median(rounds.map(([, consul]) => seconds(consul.lastAt))) },
          bar: atMost(5),
        },
      ];
    } finally {
      await Promise.all(processes.map((process) => process.kill()));
    }
  },
};
