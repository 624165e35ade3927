import { Pool } from 'undici';
import { z } from 'zod';
import { clock } from '../clock.ts';
import type { Task } from '../task.ts';

const input = z.object({
  url: z.string(),
  body: z.string(),
  count: z.number(),
  /** Every answer has it. */
  text: z.string(),
});

/** Milliseconds of each. */
const output = z.object({ latencies: z.array(z.number()) });

/** One request after the other on one connection. */
export const timeRequests: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'time requests',
  input,
  output,
  async run({ url, body, count, text }) {
    const { origin, pathname } = new URL(url);
    const pool = new Pool(origin, { connections: 1 });
    const latencies: number[] = [];
    for (let index = 0; index < count; index++) {
      const askedAt = clock();
      const response = await pool.request({ path: pathname, method: 'POST', body, headers: { 'content-type': 'application/json' } });
      const answer = await response.body.text();
      latencies.push(clock() - askedAt);
      if (!answer.includes(text)) throw new Error(`${url} answers without ${text}: ${answer}`);
    }
    await pool.close();
    return { latencies };
  },
};
