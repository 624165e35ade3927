import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { until } from '../../until.ts';
import { clock } from '../clock.ts';
import { announcement, fleet } from '../fleet.ts';
import { producing } from '../kafka.ts';
import { LightSocket } from '../light-socket.ts';
import { subscribersOf, untilSubscribers } from '../subscribers.ts';
import type { Task } from '../task.ts';

const input = z.object({
  brokers: z.array(z.string()),
  topic: z.string(),
  /** Of the gateway. */
  url: z.string(),
  fleet,
  from: z.number(),
  count: z.number(),
  /** Another than before: nodes that stand already change their content. */
  edition: z.number().default(0),
  /** Announced at even times; null: all at once; 0: one when the one before was seen. */
  perSecond: z.number().nullable(),
  /** Milliseconds until the last must have been seen. */
  patience: z.number(),
});

const output = z.object({
  /** From the moment that one is announced until a subscriber has its change: milliseconds, in the order in which they were seen. */
  latencies: z.array(z.number()),
  /** When each was seen, from the first announcement on, in the same order. Milliseconds. */
  seen: z.array(z.number()),
});

const change = /"nodeId":"([^"]+)"/;
/** In one message to Kafka. */
const BATCH = 500;

/** Nodes that are new, or have changed, announce themselves, and a subscriber follows the registry. */
export const announceAndSee: Task<z.input<typeof input>, z.infer<typeof output>> = {
  name: 'announce and see',
  input,
  output,
  async run({ brokers, topic, url, fleet: nodes, from, count, edition = 0, perSecond, patience }) {
    const said = new Map<string, number>();
    const latencies: number[] = [];
    const seen: number[] = [];
    let startedAt = 0;
    const standing = await subscribersOf(url);
    const subscriber = await LightSocket.open(url, (text) => {
      const id = change.exec(text.toString())?.[1] ?? '';
      const at = said.get(id);
      if (at === undefined) return;
      // A second change of the same node would be its health.
      said.delete(id);
      latencies.push(clock() - at);
      seen.push(clock() - startedAt);
    });
    subscriber.subscribe('subscription { registrationChanges(filter: { changeTypes: [ADDED, MODIFIED] }) { nodeId } }');
    await untilSubscribers(url, standing + 1);
    await producing(brokers, async (producer) => {
      const announce = async (first: number, many: number) => {
        const messages = Array.from({ length: many }, (_, index) => announcement(nodes, first + index, { edition }));
        for (const { key } of messages) said.set(key, clock());
        await producer.send({ topic, messages });
      };
      startedAt = clock();
      if (perSecond === null) {
        for (let done = 0; done < count; done += BATCH) await announce(from + done, Math.min(BATCH, count - done));
      } else if (perSecond === 0) {
        for (let index = 0; index < count; index++) {
          await announce(from + index, 1);
          await until(`node ${index} is seen`, () => seen.length > index, { timeout: patience, interval: 1 });
        }
      } else {
        const sending: Promise<void>[] = [];
        for (let index = 0; index < count; index++) {
          const wait = startedAt + (index * 1000) / perSecond - clock();
          if (wait > 0) await sleep(wait);
          sending.push(announce(from + index, 1));
        }
        await Promise.all(sending);
      }
      await until(`all ${count} nodes are seen`, () => seen.length === count, { timeout: patience, interval: 5 });
    });
    subscriber.close();
    await untilSubscribers(url, standing);
    return { latencies, seen };
  },
};
