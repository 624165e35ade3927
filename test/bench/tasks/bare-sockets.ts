import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { portOf } from '../port-of.ts';
import type { Task } from '../task.ts';

const input = z.object({});
const output = z.object({ url: z.string() });

/** Acknowledges every socket, and counts those that subscribe; whatever is posted to it is parsed, printed once, and sent to all of them. */
export const bareSockets: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'bare sockets',
  input,
  output,
  async run() {
    let subscribers = 0;
    const server = createServer((request, response) => {
      if (request.url === '/health') {
        response.end(JSON.stringify({ metrics: { subscribers } }));
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()));
        for (const socket of sockets.clients) socket.send(text);
        response.end();
      });
    });
    const sockets = new WebSocketServer({ server, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' });
    sockets.on('connection', (socket) => {
      socket.once('message', () => {
        socket.send('{"type":"connection_ack"}');
        socket.once('message', () => {
          subscribers += 1;
          socket.once('close', () => {
            subscribers -= 1;
          });
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${portOf(server)}` };
  },
};
