import { atLeast, atMost } from '../bar.ts';
import type { Rig } from '../rig.ts';
import type { Measurement, Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';
import { warmUp } from '../warm-up.ts';
import { bareAgent } from './bare-agent.ts';
import { agentRequest } from './consul-requests.ts';

/** 100 nodes broadcast their introspection in one moment; then one node at a time. */
export const burst: Row = {
  name: 'burst',
  title: '100 nodes announcing at once; one node alone',
  measure: async (rig) => [...(await inMode(rig, 'catalog')), ...(await inMode(rig, 'agent'))],
};

async function inMode(rig: Rig, mode: 'agent' | 'catalog'): Promise<readonly Measurement[]> {
  const world = await rig.world(`burst-${mode}`, { CONSUL_MODE: mode });
  const fleet = world.newFleet(`burst-${mode}`, 10);
  let from = 0;
  const announced = async (count: number, perSecond: number | null) => {
    const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, fleet, patience: 60_000 };
    const result = await world.load.run(announceAndSee, { ...order, from, count, perSecond });
    from += count;
    return result;
  };
  const many = rig.size(100);
  const warmedUp = await warmUp(rig, world);
  const rounds = await rig.inRounds(async () => {
    const before = warmedUp + from;
    const together = await announced(many, null);
    const alone = await announced(rig.size(50), 0);
    if (mode === 'catalog') return { together, alone, bare: null };
    const requests = Array.from({ length: before + many }, (_, index) => agentRequest(fleet, index, world.config));
    return { together, alone, bare: await bareAgent(rig, world, requests, before) };
  });
  const bare = rounds.flatMap((round) => (round.bare === null ? [] : [quantile(round.bare.answered, 0.95)]));
  return [
    {
      what: `p95 until a subscriber has the change, ${many} at once, ${mode} mode`,
      figure: median(rounds.map(({ together }) => quantile(together.latencies, 0.95))),
      unit: 'ms',
      ...(bare.length === 0 ? {} : { yardstick: { what: 'the same agent/service/register, bare', figure: median(bare) } }),
      bar: atMost(100),
    },
    {
      what: `registrations, ${mode} mode`,
      figure: median(rounds.map(({ together }) => (many * 1000) / (together.seen.at(-1) ?? Number.NaN))),
      unit: '/s',
      bar: atLeast(100),
    },
    {
      what: `p95 of one registration (Consul and Postgres, until a subscriber has it), ${mode} mode`,
      figure: median(rounds.map(({ alone }) => quantile(alone.latencies, 0.95))),
      unit: 'ms',
      bar: atMost(50),
    },
  ];
}
