import { z } from 'zod';
import { until } from '../../until.ts';
import { clock } from '../clock.ts';
import { quietKafka } from '../kafka.ts';
import type { Task } from '../task.ts';

const input = z.object({
  brokers: z.array(z.string()),
  topic: z.string(),
  group: z.string(),
  /** Until so many messages have come. */
  count: z.number(),
  /** Milliseconds. */
  patience: z.number(),
});

const output = z.object({
  /** When each message was there, by its key; of several the last. Milliseconds since 1970. */
  arrivals: z.array(z.tuple([z.string(), z.number()])),
  lastAt: z.number(),
});

/** kafkajs and JSON.parse, with no commit and nothing else. */
export const bareConsumer: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'bare consumer',
  input,
  output,
  async run({ brokers, topic, group, count, patience }) {
    // The gateway's own settings of what is fetched.
    const consumer = quietKafka(brokers).consumer({ groupId: group, maxBytesPerPartition: 1_048_576, maxWaitTimeInMs: 500 });
    const arrivals = new Map<string, number>();
    let seen = 0;
    let fields = 0;
    let lastAt = 0;
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch: { messages } }) => {
        for (const { key, value } of messages) {
          const parsed: unknown = JSON.parse(value?.toString() ?? '');
          fields += parsed === null ? 0 : 1;
          arrivals.set(key?.toString() ?? '', clock());
        }
        seen = fields;
        lastAt = clock();
      },
    });
    await until(`all ${count} messages are consumed`, () => seen >= count, { timeout: patience, interval: 5 });
    await consumer.disconnect();
    return { arrivals: [...arrivals], lastAt };
  },
};
