import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { z } from 'zod';
import { clock } from '../clock.ts';
import type { Task } from '../task.ts';

const input = z.object({
  url: z.string(),
  method: z.enum(['GET', 'POST']),
  body: z.string().optional(),
  /** What the answers contain until it is gone. */
  text: z.string(),
  /** Milliseconds between two questions. */
  interval: z.number(),
  /** Milliseconds. */
  patience: z.number(),
});

/** When the last answer came that had it, 0 where none had. Milliseconds since 1970. */
const output = z.object({ lastAt: z.number() });

/** So many answers in a row without it: gone. */
const ENOUGH = 20;

export const askUntilGone: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'ask until gone',
  input,
  output,
  async run({ url, method, body, text, interval, patience }) {
    const { origin, pathname, search } = new URL(url);
    const pool = new Pool(origin, { connections: 1 });
    const deadline = clock() + patience;
    let lastAt = 0;
    for (let without = 0; without < ENOUGH; ) {
      const response = await pool.request({
        path: `${pathname}${search}`,
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
      const answer = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${answer}`);
      if (answer.includes(text)) {
        lastAt = clock();
        without = 0;
      } else without += 1;
      if (clock() > deadline) throw new Error(`${url} still answers with ${text} after ${patience / 1000} s`);
      await sleep(interval);
    }
    await pool.close();
    return { lastAt };
  },
};
