import { atLeast, ratioAtLeast } from '../bar.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';
import { warmUp } from '../warm-up.ts';
import { bareAgent } from './bare-agent.ts';
import { agentRequest } from './consul-requests.ts';

/** New nodes, until all are in Consul and Postgres and a subscriber has seen the last. */
export const agentMode: Row = {
  name: 'agent-mode',
  title: 'new nodes registered in Consul and Postgres, agent mode, 0 → 1,000',
  async measure(rig) {
    const count = rig.size(1000);
    const rounds = await rig.inRounds(async (round) => {
      const world = await rig.world(`agent-mode-${round}`);
      const fleet = world.newFleet('agent', 10);
      const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, fleet, patience: 300_000 };
      const before = await warmUp(rig, world);
      const { seen } = await world.load.run(announceAndSee, { ...order, from: 0, count, perSecond: null });
      const requests = Array.from({ length: before + count }, (_, index) => agentRequest(fleet, index, world.config));
      const bare = await bareAgent(rig, world, requests, before);
      const last = Math.ceil(count / 10);
      return {
        perSecond: (count * 1000) / (seen.at(-1) ?? Number.NaN),
        bare: (count * 1000) / bare.milliseconds,
        atTheEnd: (last * 1000) / ((seen.at(-1) ?? Number.NaN) - (seen.at(-1 - last) ?? 0)),
      };
    });
    return [
      {
        what: `registrations, 0 → ${count}`,
        figure: median(rounds.map(({ perSecond }) => perSecond)),
        unit: '/s',
        yardstick: { what: 'bare agent/service/register, 32 connections', figure: median(rounds.map(({ bare }) => bare)) },
        bar: ratioAtLeast(0.8),
      },
      { what: 'the last tenth of them', figure: median(rounds.map(({ atTheEnd }) => atTheEnd)), unit: '/s', bar: atLeast(100) },
    ];
  },
};
