import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';

const message = z.object({
  id: z.string().optional(),
  type: z.string(),
  payload: z
    .looseObject({
      query: z.string().optional(),
      variables: z.record(z.string(), z.unknown()).optional(),
      authorization: z.string().optional(),
    })
    .optional(),
});

export interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Sends one result. */
  readonly next: (result: object) => void;
  readonly fail: (code: string) => void;
}

export interface Script {
  /** What to do with a connection that shows this token: accept it, or close it with this code. */
  readonly greet?: (token: string | null) => 'accept' | number;
  /** What `registryStatus` says. */
  readonly status?: () => object;
  /** Everything else. */
  readonly answer?: (asked: Asked) => void;
}

const FRESH = { stale: false, asOf: '2026-11-24T13:29:00.000Z', cursor: '0000000000000001' };

/** A server of graphql-transport-ws that does what a test says. */
export async function startScripted({ greet = () => 'accept', status = () => FRESH, answer = () => undefined }: Script) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'graphql-transport-ws' });
  await once(server, 'listening');
  const tokens: (string | null)[] = [];
  const open = (socket: WebSocket) => {
    const send = (what: object) => socket.send(JSON.stringify(what));
    socket.on('message', (data) => {
      const { id, type, payload } = message.parse(JSON.parse(String(data)));
      if (type === 'connection_init') {
        const token = payload?.authorization ?? null;
        tokens.push(token);
        const verdict = greet(token);
        if (verdict === 'accept') send({ type: 'connection_ack' });
        else socket.close(verdict, 'as scripted');
      } else if (type === 'subscribe') {
        const { query = '', variables = {} } = payload ?? {};
        if (query.includes('registryStatus')) {
          send({ id, type: 'next', payload: { data: { registryStatus: status() } } });
          send({ id, type: 'complete' });
          return;
        }
        const fail = (code: string) => send({ id, type: 'error', payload: [{ message: `scripted ${code}`, extensions: { code } }] });
        answer({ query, variables, next: (result) => send({ id, type: 'next', payload: result }), fail });
      }
    });
  };
  server.on('connection', open);
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    /** What each connection showed, in their order. */
    tokens,
    closeAll: (code: number) => {
      for (const socket of server.clients) socket.close(code, 'as scripted');
    },
  };
}

/** A set with one service. */
export function oneService(nodeId: string) {
  const node = { endpoints: [{ name: 'api', url: `http://${nodeId}:8080` }] };
  return { data: { healthyServices: [{ nodeId, serviceName: 's', address: nodeId, port: 8080, version: null, node }] } };
}
