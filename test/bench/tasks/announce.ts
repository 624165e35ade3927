import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { clock } from '../clock.ts';
import { announcement, fleet } from '../fleet.ts';
import { producing } from '../kafka.ts';
import type { Task } from '../task.ts';

const input = z.object({
  brokers: z.array(z.string()),
  topic: z.string(),
  fleet,
  from: z.number(),
  count: z.number(),
  perSecond: z.number(),
});

/** When each node announced itself, by its id. Milliseconds since 1970. */
const output = z.object({ sent: z.array(z.tuple([z.string(), z.number()])) });

/** Nodes announce themselves at even times; nobody looks at what comes of it. */
export const announce: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'announce',
  input,
  output,
  run: ({ brokers, topic, fleet: nodes, from, count, perSecond }) =>
    producing(brokers, async (producer) => {
      const sent: [string, number][] = [];
      const sending: Promise<unknown>[] = [];
      const startedAt = clock();
      for (let index = 0; index < count; index++) {
        const wait = startedAt + (index * 1000) / perSecond - clock();
        if (wait > 0) await sleep(wait);
        const message = announcement(nodes, from + index);
        sent.push([message.key, clock()]);
        sending.push(producer.send({ topic, messages: [message] }));
      }
      await Promise.all(sending);
      return { sent };
    }),
};
