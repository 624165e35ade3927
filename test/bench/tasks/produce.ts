import { z } from 'zod';
import { clock } from '../clock.ts';
import { announcement, fleet, heartbeat } from '../fleet.ts';
import { producing } from '../kafka.ts';
import type { Task } from '../task.ts';

const input = z.object({
  brokers: z.array(z.string()),
  topic: z.string(),
  fleet,
  kind: z.enum(['announcement', 'heartbeat']),
  /** So many nodes, from the first. */
  nodes: z.number(),
  /** How often each of them speaks. */
  times: z.number(),
});

const output = z.object({
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  endedAt: z.number(),
});

/** In one message to Kafka. */
const BATCH = 500;

/** All nodes of a fleet speak, one after the other, as fast as Kafka takes it; what they say is made before. */
export const produce: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'produce',
  input,
  output,
  async run({ brokers, topic, fleet: of, kind, nodes, times }) {
    const began = Date.now();
    const messages = Array.from({ length: nodes * times }, (_, index) => {
      // Of two messages with one time the second would be superseded.
      const at = began + Math.floor(index / nodes);
      return kind === 'heartbeat' ? heartbeat(of, index % nodes, at) : announcement(of, index % nodes, { reason: 'registry_request', at });
    });
    return producing(brokers, async (producer) => {
      const startedAt = clock();
      for (let done = 0; done < messages.length; done += BATCH) {
        await producer.send({ topic, messages: messages.slice(done, done + BATCH) });
      }
      return { startedAt, endedAt: clock() };
    });
  },
};
