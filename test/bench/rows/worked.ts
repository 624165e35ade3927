import { until } from '../../until.ts';
import { clock } from '../clock.ts';
import type { Fleet } from '../fleet.ts';
import { produce } from '../tasks/produce.ts';
import type { World } from '../world.ts';

interface Order {
  readonly brokers: string[];
  readonly fleet: Fleet;
  readonly kind: 'announcement' | 'heartbeat';
  readonly nodes: number;
  readonly times: number;
}

/** So many messages a second the gateway works off, from the first that is produced until it has counted the last. */
export async function worked(world: World, count: number, outcomes: readonly string[], topic: string, order: Order): Promise<number> {
  const counted = async () => {
    const all = await world.gateway.outcomes();
    return outcomes.reduce((sum, outcome) => sum + (all.get(outcome) ?? 0), 0);
  };
  const before = await counted();
  const { startedAt } = await world.load.run(produce, { ...order, topic });
  await until(`${count} messages are ${outcomes.join(' or ')}`, async () => (await counted()) - before >= count, {
    timeout: 300_000,
    interval: 100,
  });
  return (count * 1000) / (clock() - startedAt);
}
