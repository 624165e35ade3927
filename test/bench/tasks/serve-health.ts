import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { portOf } from '../port-of.ts';
import type { Task } from '../task.ts';

const input = z.object({});
const output = z.object({ healthUrl: z.string() });

/** A node that is well until its process is killed. */
export const serveHealth: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'serve health',
  input,
  output,
  async run() {
    const server = createServer((_request, response) => response.end('well'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { healthUrl: `http://127.0.0.1:${portOf(server)}/health` };
  },
};
