import autocannon from 'autocannon';
import { z } from 'zod';
import type { Task } from '../task.ts';

const input = z.object({
  url: z.string(),
  method: z.enum(['GET', 'POST']),
  body: z.string().optional(),
  connections: z.number(),
  seconds: z.number(),
  /** Of all connections together; as many as they come to where it is left out. */
  perSecond: z.number().optional(),
});

const output = z.object({
  perSecond: z.number(),
  /** Milliseconds. */
  p50: z.number(),
  p99: z.number(),
  /** Answers of another status than 2xx, and requests without an answer. */
  failed: z.number(),
});

/** As many requests as so many connections come to, one at a time on each. */
export const httpLoad: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'http load',
  input,
  output,
  async run({ url, method, body, connections, seconds, perSecond }) {
    const { requests, duration, latency, non2xx, errors } = await autocannon({
      url,
      method,
      ...(body === undefined ? {} : { body }),
      ...(perSecond === undefined ? {} : { overallRate: perSecond }),
      connections,
      duration: seconds,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    return { perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99, failed: non2xx + errors };
  },
};
