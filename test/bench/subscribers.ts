import { z } from 'zod';
import { until } from '../until.ts';

const health = z.object({ metrics: z.object({ subscribers: z.number() }) });

/** Subscriptions that stand at a server, as its `/health` says. */
export async function subscribersOf(url: string): Promise<number> {
  return health.parse(await (await fetch(`${url}/health`)).json()).metrics.subscribers;
}

/** Until there are just so many: those that were begun stand, and those that were closed are gone. */
export async function untilSubscribers(url: string, count: number): Promise<void> {
  await until(`there are ${count} subscribers`, async () => (await subscribersOf(url)) === count, { timeout: 60_000 });
}
