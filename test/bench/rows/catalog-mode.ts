import { atLeast, either, ratioAtLeast } from '../bar.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';
import { registerBare } from '../tasks/register-bare.ts';
import { warmUp } from '../warm-up.ts';
import { catalogRequests } from './consul-requests.ts';

const VIRTUAL_NODES = 200;
const CONNECTIONS = 4;

/** The same where Consul's catalog is written to instead of an agent. */
export const catalogMode: Row = {
  name: 'catalog-mode',
  title: 'new nodes, catalog mode, 0 → 20,000',
  async measure(rig) {
    const count = rig.size(20_000);
    const part = Math.max(1, Math.round(count / 20));
    const rounds = await rig.inRounds(async (round) => {
      const world = await rig.world(`catalog-mode-${round}`, { CONSUL_MODE: 'catalog' });
      const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, patience: 600_000 };
      await warmUp(rig, world);
      const fleet = world.newFleet('catalog', 10);
      const { seen } = await world.load.run(announceAndSee, { ...order, fleet, from: 0, count, perSecond: null });
      const consul = await rig.emptyConsul();
      try {
        const { host, port } = consul.consul;
        const requests = catalogRequests(fleet, count, world.config, VIRTUAL_NODES);
        const bare = await world.load.run(registerBare, { origin: `http://${host}:${port}`, ...requests, connections: CONNECTIONS });
        const end = seen.at(-1) ?? Number.NaN;
        return {
          perSecond: (count * 1000) / end,
          bare: (count * 1000) / bare.milliseconds,
          first: (part * 1000) / (seen[part - 1] ?? Number.NaN),
          last: (part * 1000) / (end - (seen.at(-1 - part) ?? 0)),
        };
      } finally {
        await consul.stop();
      }
    });
    return [
      {
        what: `registrations, 0 → ${count}`,
        figure: median(rounds.map(({ perSecond }) => perSecond)),
        unit: '/s',
        yardstick: { what: 'bare /v1/txn of the same services', figure: median(rounds.map(({ bare }) => bare)) },
        bar: either(atLeast(3000), ratioAtLeast(0.35)),
      },
      {
        what: `the last ${part} of them`,
        figure: median(rounds.map(({ last }) => last)),
        unit: '/s',
        yardstick: { what: `the first ${part}`, figure: median(rounds.map(({ first }) => first)) },
        bar: ratioAtLeast(0.7),
      },
    ];
  },
};
