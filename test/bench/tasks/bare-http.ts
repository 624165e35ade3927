import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { portOf } from '../port-of.ts';
import type { Task } from '../task.ts';

const input = z.object({ answer: z.unknown() });
const output = z.object({ url: z.string() });

/** The least that a server of JSON does: reads the body, parses it, and answers the same object each time, printed anew. */
export const bareHttp: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'bare http',
  input,
  output,
  async run({ answer }) {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const asked: unknown = JSON.parse(Buffer.concat(chunks).toString());
        const text = JSON.stringify(asked === null ? null : answer);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${portOf(server)}/graphql` };
  },
};
