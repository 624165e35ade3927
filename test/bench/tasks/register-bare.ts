import { Pool } from 'undici';
import { z } from 'zod';
import { clock } from '../clock.ts';
import type { Task } from '../task.ts';

const request = z.object({ path: z.string(), body: z.string() });

const input = z.object({
  /** Of Consul. */
  origin: z.string(),
  /** First, one after the other. */
  before: z.array(request),
  requests: z.array(request),
  connections: z.number(),
});

const output = z.object({
  /** From the first request to the last answer. */
  milliseconds: z.number(),
  /** From the first request to each answer: as if all were sent at once. Milliseconds. */
  answered: z.array(z.number()),
});

/** PUT after PUT on so many connections. */
export const registerBare: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'register bare',
  input,
  output,
  async run({ origin, before, requests, connections }) {
    const pool = new Pool(origin, { connections, pipelining: 1 });
    const put = async ({ path, body }: z.infer<typeof request>) => {
      const response = await pool.request({ path, method: 'PUT', body, headers: { 'content-type': 'application/json' } });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${text}`);
    };
    for (const one of before) await put(one);
    const answered: number[] = [];
    const startedAt = clock();
    const left = requests.values();
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (const one of left) {
          await put(one);
          answered.push(clock() - startedAt);
        }
      }),
    );
    const milliseconds = clock() - startedAt;
    await pool.close();
    return { milliseconds, answered };
  },
};
