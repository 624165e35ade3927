import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { until } from '../../until.ts';
import { accessOf, READ_TOKEN, TOKENS, WRITE_TOKEN } from './auth/access.ts';
import { FedRegistry } from './fed-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

const messageShape = z.object({ id: z.string().optional() });
const WATCH =
  'subscription ($after: Cursor, $types: [String!]) { registrationChanges(after: $after, filter: {nodeTypes: $types}) { cursor type nodeId node { version leaseExpiresAt } } }';

/** A socket of graphql-transport-ws, as far as it takes to see the messages themselves. */
class Talk {
  readonly socket: WebSocket;
  /** What came for each operation, as text. */
  readonly came = new Map<string, string[]>();

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => {
      const text = String(data);
      const { id } = messageShape.parse(JSON.parse(text));
      this.came.set(id ?? '', [...this.of(id ?? ''), text]);
    });
  }

  static async open({ wsUrl }: Pick<RunningServer, 'wsUrl'>, token?: string): Promise<Talk> {
    const talk = new Talk(new WebSocket(wsUrl, 'graphql-transport-ws'));
    onTestFinished(() => talk.socket.terminate());
    await once(talk.socket, 'open');
    talk.send({ type: 'connection_init', payload: token === undefined ? {} : { token } });
    await until('the connection is acknowledged', () => talk.of('').length > 0);
    return talk;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  subscribe(id: string, variables: object = {}, query = WATCH): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  of(id: string): readonly string[] {
    return this.came.get(id) ?? [];
  }

  /** The messages of an operation, without what tells it from others. */
  payloads(id: string): readonly string[] {
    return this.of(id).map((text) => text.replace(`{"id":"${id}",`, ''));
  }
}

async function start(options: Parameters<typeof startServer>[0] = {}) {
  const registry = await FedRegistry.start();
  const running = await startServer({ registry, ...options });
  const subscribed = (count: number) => until(`there are ${count} subscribers`, () => registry.subscribers === count);
  return { registry, running, subscribed };
}

const cursors = (texts: readonly string[]) => texts.map((text) => Number(/"cursor":"(\d+)"/.exec(text)?.[1]));

describe('a change that many follow', () => {
  it('should be executed once, and be for each of them what it is where it is pulled', async () => {
    const { registry, running, subscribed } = await start();
    const talks = await Promise.all(Array.from({ length: 5 }, () => Talk.open(running)));
    for (const talk of talks) for (const id of ['a', 'b', 'c', 'd']) talk.subscribe(id);
    await subscribed(20);
    registry.commit('n-1', { version: '2.0.0' });
    registry.commit('n-2');
    await until('all have both', () => talks.every((talk) => ['a', 'b', 'c', 'd'].every((id) => talk.of(id).length === 2)));
    expect(registry.leaseLookUps).toBe(2);

    const [first] = talks;
    first?.subscribe('pulled', { after: '0000000000000000' });
    const pulled = await until('what was before is pulled', () => (first?.of('pulled').length === 2 ? first.payloads('pulled') : null));
    for (const talk of talks) for (const id of ['a', 'b', 'c', 'd']) expect(talk.payloads(id)).toEqual(pulled);
    expect(pulled[0]).toContain('"version":"2.0.0"');
  });

  it('should be executed once for those who resumed somewhere, too', async () => {
    const { registry, running, subscribed } = await start();
    registry.commit('n-1');
    const talk = await Talk.open(running);
    talk.subscribe('live');
    await subscribed(1);
    registry.commit('n-2');
    await until('the first has it', () => talk.of('live').length === 1);
    talk.subscribe('resumed', { after: '0000000000000001' });
    talk.subscribe('from the start', { after: '0000000000000000' });
    await until('both have caught up', () => talk.of('resumed').length === 1 && talk.of('from the start').length === 2);
    registry.leaseLookUps = 0;
    registry.commit('n-3');
    await until('all have it', () => talk.of('live').length === 2 && talk.of('from the start').length === 3);
    await until('all have it', () => talk.of('resumed').length === 2);
    expect(registry.leaseLookUps).toBe(1);
    expect(cursors(talk.of('from the start'))).toEqual([1, 2, 3]);
  });

  it('should be kept apart by what was selected and filtered', async () => {
    const { registry, running, subscribed } = await start();
    const talk = await Talk.open(running);
    talk.subscribe('all');
    talk.subscribe('compute', { types: ['compute'] });
    talk.subscribe('short', {}, 'subscription { registrationChanges { nodeId } }');
    await subscribed(3);
    registry.commit('n-1', { type: 'effect' });
    registry.commit('n-2', { type: 'compute' });
    await until(
      'all have what is theirs',
      () => ['all', 'short'].every((id) => talk.of(id).length === 2) && talk.of('compute').length === 1,
    );
    expect(cursors(talk.of('compute'))).toEqual([2]);
    expect(talk.of('short')[0]).toBe('{"id":"short","type":"next","payload":{"data":{"registrationChanges":{"nodeId":"n-1"}}}}');
  });

  it('should be executed for each kind of authorisation by itself', async () => {
    const { registry, running, subscribed } = await start({ access: accessOf(TOKENS) });
    const talks = [await Talk.open(running, READ_TOKEN), await Talk.open(running, READ_TOKEN), await Talk.open(running, WRITE_TOKEN)];
    for (const talk of talks) talk.subscribe('a');
    await subscribed(3);
    registry.commit('n-1');
    await until('all have it', () => talks.every((talk) => talk.of('a').length === 1));
    expect(registry.leaseLookUps).toBe(2);
  });

  it('should be pulled by those who ask Postgres with it', async () => {
    const { registry, running, subscribed } = await start();
    const talk = await Talk.open(running);
    const query = 'subscription { registrationChanges { cursor node { changes(first: 1) { cursor } } } }';
    talk.subscribe('history', {}, query);
    talk.subscribe('live');
    await subscribed(2);
    for (const id of ['n-1', 'n-2', 'n-3']) registry.commit(id);
    await until('all have arrived', () => talk.of('history').length === 3 && talk.of('live').length === 3);
    expect(cursors(talk.of('history'))).toEqual([1, 2, 3]);
    expect(talk.of('history')[0]).toContain('"node":{"changes":[]}');
  });
});

describe('one who follows', () => {
  it('should get nothing more once it has said complete, and may use its id again', async () => {
    const { registry, running, subscribed } = await start();
    const talk = await Talk.open(running);
    talk.subscribe('a');
    talk.subscribe('other');
    await subscribed(2);
    registry.commit('n-1');
    await until('both have it', () => talk.of('a').length === 1 && talk.of('other').length === 1);
    talk.send({ id: 'a', type: 'complete' });
    await subscribed(1);
    registry.commit('n-2');
    await until('the other has it', () => talk.of('other').length === 2);
    talk.subscribe('a', { types: ['compute'] });
    await subscribed(2);
    registry.commit('n-3', { type: 'effect' });
    registry.commit('n-4', { type: 'compute' });
    await until('both have it', () => talk.of('a').length === 2 && talk.of('other').length === 4);
    expect(cursors(talk.of('a'))).toEqual([1, 4]);
  });

  it('should leave the others be when its socket is gone', async () => {
    const { registry, running, subscribed } = await start();
    const [gone, stays] = [await Talk.open(running), await Talk.open(running)];
    gone.subscribe('a');
    stays.subscribe('a');
    await subscribed(2);
    gone.socket.terminate();
    for (let index = 0; index < 50; index += 1) registry.commit(`n-${index}`);
    await until('the other has all of it', () => stays.of('a').length === 50);
    await subscribed(1);
    expect(cursors(stays.of('a'))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('should get all of it, once and in order, when it did not read for a while, and hold up nobody', async () => {
    const { registry, running, subscribed } = await start();
    const [slow, quick] = [await Talk.open(running), await Talk.open(running)];
    const query = 'subscription { registrationChanges { cursor node { metadata } } }';
    slow.subscribe('a', {}, query);
    quick.subscribe('a', {}, query);
    await subscribed(2);
    slow.socket.pause();
    // More than what the two ends of a connection buffer by themselves.
    const metadata = { text: 'x'.repeat(500_000) };
    for (let index = 0; index < 40; index += 1) {
      registry.commit('n-1', { metadata });
      await until('the other has it', () => quick.of('a').length === index + 1, { interval: 1 });
    }
    slow.socket.resume();
    await until('it has caught up', () => slow.of('a').length === 40);
    expect(cursors(slow.of('a'))).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('should end when its socket is closed on shutdown, in the middle of changes too', async () => {
    const { registry, running, subscribed } = await start();
    const talk = await Talk.open(running);
    talk.subscribe('a');
    await subscribed(1);
    const closed = once(talk.socket, 'close');
    for (let index = 0; index < 20; index += 1) registry.commit(`n-${index}`);
    await running.server.close(5000);
    expect((await closed)[0]).toBe(1001);
    await subscribed(0);
  });
});
