import { connect } from 'node:net';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { DOCUMENT_ATTACKS } from './documents.ts';
import type { Tally } from './tally.ts';

/** Where an attack goes, from which address of its own, with how many connections, and until when. */
export interface Target {
  readonly port: number;
  /** A local address to come from: 127.0.0.2 is another client than 127.0.0.1. */
  readonly from: string;
  readonly connections: number;
  readonly tally: Tally;
  readonly stop: AbortSignal;
}

export type Attack = (target: Target) => Promise<void>;

const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/** Sends what `next` makes on so many connections, each as soon as the one before is answered. */
function posts(next: (index: number) => { readonly body: string; readonly headers?: Readonly<Record<string, string>> }): Attack {
  return async ({ port, from, connections, tally, stop }) => {
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1, connect: { localAddress: from } });
    let index = 0;
    const one = async () => {
      while (!stop.aborted) {
        index += 1;
        const { body, headers } = next(index);
        try {
          const response = await pool.request({
            path: '/graphql',
            method: 'POST',
            headers: { ...HEADERS, ...headers },
            body,
            signal: stop,
          });
          tally.answer(await response.body.text());
        } catch (error) {
          if (!stop.aborted) tally.add(error instanceof Error && 'code' in error ? String(error.code) : 'failed');
        }
      }
    };
    await Promise.all(Array.from({ length: connections }, one));
    await pool.destroy();
  };
}

const document = (text: (index: number) => string): Attack => posts((index) => ({ body: JSON.stringify({ query: text(index) }) }));

/** Opens sockets, says hello, and hands each over, until it is told to stop; those that are refused are tried again. */
function sockets(talk: (socket: WebSocket, stop: AbortSignal) => void, hello = true): Attack {
  return async ({ port, from, connections, tally, stop }) => {
    const open = () => {
      if (stop.aborted) return;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { localAddress: from });
      const end = () => socket.terminate();
      stop.addEventListener('abort', end);
      socket.on('message', (data) => {
        const text = String(data);
        if (text.includes('"connection_ack"')) talk(socket, stop);
        else tally.message(text);
      });
      socket.on('unexpected-response', (_request, response) => {
        response
          .setEncoding('utf8')
          .toArray()
          .then(
            (parts) => tally.answer(parts.join('')),
            () => tally.add('failed'),
          );
      });
      socket.on('error', () => undefined);
      socket.on('open', () => {
        if (hello) socket.send('{"type":"connection_init"}');
      });
      socket.on('close', (code, reason) => {
        stop.removeEventListener('abort', end);
        if (!stop.aborted) tally.add(/LIMIT_[A-Z_]+/.exec(String(reason))?.[0] ?? `closed ${code}`);
        setTimeout(open, 10);
      });
    };
    for (let index = 0; index < connections; index++) open();
    await new Promise((resolve) => stop.addEventListener('abort', resolve));
  };
}

const subscribe = (query: string, id = '1') => JSON.stringify({ id, type: 'subscribe', payload: { query } });

/** Says something again and again, as fast as the socket takes it. */
function repeating(say: (socket: WebSocket, done: () => void, index: number) => void) {
  return (socket: WebSocket, stop: AbortSignal) => {
    let index = 0;
    const again = () => {
      if (stop.aborted || socket.readyState !== WebSocket.OPEN) return;
      index += 1;
      say(socket, () => setImmediate(again), index);
    };
    for (let parallel = 0; parallel < 20; parallel++) again();
  };
}

/** Each kind, and a limit that is expected to stop it; null for what is allowed, and must not hurt. */
export const ATTACKS: Readonly<Record<string, { readonly attack: Attack; readonly limit: string | null }>> = {
  ...Object.fromEntries(Object.entries(DOCUMENT_ATTACKS).map(([name, { text, limit }]) => [name, { attack: document(text), limit }])),
  batch: { attack: posts(() => ({ body: JSON.stringify(Array(100).fill({ query: '{ __typename }' })) })), limit: 'LIMIT_BATCH' },
  'huge body': {
    attack: posts(() => ({ body: JSON.stringify({ query: `{ __typename } #${'x'.repeat(1_000_000)}` }) })),
    limit: 'LIMIT_BODY',
  },
  'large bodies': {
    attack: posts((index) => ({ body: JSON.stringify({ query: `{ __typename } #${'x'.repeat(120_000)}${index}` }) })),
    limit: 'LIMIT_DOCUMENT',
  },
  'large variables': {
    attack: posts(() => ({ body: JSON.stringify({ query: '{ __typename }', variables: { a: Array(20_000).fill('x') } }) })),
    limit: 'LIMIT_VARIABLES',
  },
  flood: { attack: document(() => '{ healthyServices(capability: "capability.2") { nodeId } }'), limit: null },
  'slow reads': { attack: document(() => '{ changes(first: 1) { cursor } }'), limit: null },
  'idle connections': {
    attack: async ({ port, from, connections, tally, stop }) => {
      const open = () => {
        if (stop.aborted) return;
        const socket = connect({ port, host: '127.0.0.1', localAddress: from });
        const end = () => socket.destroy();
        stop.addEventListener('abort', end);
        socket.on('error', () => undefined).resume();
        socket.on('close', () => {
          stop.removeEventListener('abort', end);
          tally.add('closed');
          setTimeout(open, 10);
        });
      };
      for (let index = 0; index < connections * 100; index++) open();
      await new Promise((resolve) => stop.addEventListener('abort', resolve));
    },
    limit: null,
  },
  'sockets without a word': { attack: sockets(() => undefined, false), limit: 'LIMIT_INIT_WAIT' },
  'ping flood': { attack: sockets(repeating((socket, done) => socket.ping('', true, done))), limit: 'LIMIT_MESSAGE_RATE' },
  'subscribe flood': {
    attack: sockets(
      repeating((socket, done, index) => socket.send(subscribe('subscription { registrationChanges { cursor } }', String(index)), done)),
    ),
    limit: 'LIMIT_SOCKET_OPERATIONS',
  },
  'documents over a socket': {
    attack: sockets(repeating((socket, done, index) => socket.send(subscribe(`{ __typename } #${index}`, String(index)), done))),
    limit: 'LIMIT_DOCUMENT_RATE',
  },
  'subscribers that read': {
    attack: sockets((socket) => {
      for (let id = 0; id < 100; id++)
        socket.send(subscribe('subscription { registrationChanges { cursor type node { nodeId } } }', String(id)));
    }),
    limit: null,
  },
  snapshots: {
    attack: sockets((socket) => {
      let id = 0;
      const again = () =>
        socket.send(subscribe('subscription { registrationChanges(snapshot: true) { cursor type nodeId } }', String(++id)));
      socket.on('message', (data) => {
        if (!String(data).includes('BOOKMARK')) return;
        socket.send(JSON.stringify({ id: String(id), type: 'complete' }));
        again();
      });
      again();
    }),
    limit: null,
  },
  'slow subscribers': {
    attack: sockets((socket) => {
      for (let id = 0; id < 100; id++) {
        socket.send(
          subscribe(
            'subscription { registrationChanges { cursor type node { nodeId metadata capabilityDetails endpoints { url } } } }',
            String(id),
          ),
        );
      }
      setTimeout(() => socket.pause(), 100);
    }),
    limit: null,
  },
};
