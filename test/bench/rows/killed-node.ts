import { z } from 'zod';
import { until } from '../../until.ts';
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
/** Milliseconds between two questions. */
const INTERVAL = 20;

const checks = z.record(z.string(), z.object({ ServiceName: z.string(), Output: z.string() }));

/** The agent itself knows at once: the catalog hears of an output that changed, and nothing else, minutes later. */
async function untilChecked(url: string, names: readonly string[]): Promise<void> {
  const look = async () => {
    const all = Object.values(checks.parse(await (await fetch(url)).json()));
    return names.every((name) => all.filter((check) => check.ServiceName === name && check.Output.includes('200 OK')).length === INSTANCES);
  };
  await until('Consul has run the check of each', look, { timeout: 120_000, interval: 100 });
}

/** A process that served well is gone from one moment to the next, while clients ask for what it can do. */
export const killedNode: Row = {
  name: 'killed-node',
  title: 'a node killed with `kill -9` while clients resolve its capability → no answer contains it',
  async measure(rig) {
    const world = await rig.world('killed-node');
    const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, perSecond: null, patience: 60_000 };
    const victim = async (round: number) => {
      const fleet = world.newFleet('killed', INSTANCES);
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
      // The first failure after a registration would count at once: what is measured is a node that has served for a while.
      rig.tell("waiting for Consul's first check of each");
      const names = fleets.map((fleet) => serviceNameOf(fleet, 0));
      await untilChecked(world.consulUrl('/agent/checks'), names);
      const asking = fleets.map((fleet) => {
        const common = { text: nodeId(fleet, 0), interval: INTERVAL, patience: 300_000 };
        const consul = { url: world.consulUrl(`/health/service/${serviceNameOf(fleet, 0)}?passing`), method: 'GET' } as const;
        return Promise.all([
          world.load.run(askUntilGone, { ...question(world, fleet), ...common }),
          world.yardstick.run(askUntilGone, { ...consul, ...common }),
        ]);
      });
      // From their first question on the gateway looks after what clients ask for.
      await world.gateway.untilProbed(rig.rounds * INSTANCES);
      const killedAt = clock();
      await Promise.all(processes.map((process) => process.kill()));
      const rounds = await Promise.all(asking);
      if (rounds.flat().some(({ lastAt }) => lastAt < killedAt)) throw new Error('it was gone before it was killed');
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
