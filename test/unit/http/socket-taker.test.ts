import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SCOPES } from '../../../src/graphql/asker.ts';
import { Editions } from '../../../src/graphql/editions.ts';
import { createErrorMask } from '../../../src/graphql/errors.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { SocketTaker } from '../../../src/http/socket-taker.ts';
import { MemoryRegistry, sampleNode } from '../graphql/memory-registry.ts';

const DATA = '{"data":{"registrationChanges":{"nodeId":"n-1"}}}';

class FakeSocket {
  bufferedAmount = 0;
  readyState: WebSocket['readyState'] = WebSocket.OPEN;
  readonly sent: string[] = [];

  send(data: unknown): void {
    this.sent.push(String(data));
  }
}

function start(text = 'subscription { registrationChanges { nodeId } }', id = '1') {
  const registry = new MemoryRegistry();
  const maskError = createErrorMask({ log: { error: () => undefined }, newId: () => 'id-1' });
  const editions = new Editions({ schema: buildSchema(), registry, maskError });
  const socket = new FakeSocket();
  const operation = { document: parse(text), text, operationName: null, variables: {}, scopes: SCOPES.read };
  return { registry, editions, socket, taker: new SocketTaker({ socket, editions, operation, id }) };
}

it('should send an event as a next message of its operation', () => {
  const { registry, socket, taker } = start();
  expect(taker.join()).toBe(true);
  expect(taker.take(registry.put(sampleNode('n-1')))).toBe(true);
  expect(socket.sent).toEqual([`{"id":"1","type":"next","payload":${DATA}}`]);
});

it('should name its operation as the client did, whatever that was', () => {
  const { registry, socket, taker } = start(undefined, 'a"b\\ü');
  taker.join();
  taker.take(registry.put(sampleNode('n-1')));
  expect(JSON.parse(socket.sent[0] ?? '')).toEqual({ id: 'a"b\\ü', type: 'next', payload: JSON.parse(DATA) });
});

it('should refuse while its socket holds too much that is not sent', () => {
  const { registry, editions, socket, taker } = start();
  taker.join();
  socket.bufferedAmount = 16_384;
  expect(taker.take(registry.put(sampleNode('n-1')))).toBe(true);
  socket.bufferedAmount = 16_385;
  expect(taker.take(registry.put(sampleNode('n-2')))).toBe(false);
  taker.leave();
  expect(socket.sent).toHaveLength(1);
  expect(taker.join()).toBe(false);
  expect(editions.size()).toBe(0);
  socket.bufferedAmount = 0;
  expect(taker.join()).toBe(true);
});

it('should send nothing to a socket that closes', () => {
  const { registry, socket, taker } = start();
  taker.join();
  socket.readyState = WebSocket.CLOSING;
  expect(taker.take(registry.put(sampleNode('n-1')))).toBe(true);
  expect(socket.sent).toEqual([]);
});

it('should leave an operation that asks Postgres to be pulled, from its first event on', () => {
  const { registry, editions, socket, taker } = start('subscription { registrationChanges { node { changes(first: 1) { cursor } } } }');
  expect(taker.join()).toBe(true);
  expect(taker.take(registry.put(sampleNode('n-1')))).toBe(false);
  taker.leave();
  expect(taker.join()).toBe(false);
  expect(socket.sent).toEqual([]);
  expect(editions.size()).toBe(0);
});

it('should keep no edition when it has left', () => {
  const { editions, taker } = start();
  taker.join();
  expect(editions.size()).toBe(1);
  taker.leave();
  expect(editions.size()).toBe(0);
});
