import { describe, expect, it } from 'vitest';
import { announcement, goodbye, nodeId, TOPIC } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

const v2 = { content: { version: '2.0.0' } };
const COMPLETED = [{ topic: TOPIC, partition: 0, nextOffset: '1000' }];

describe('run, while Consul fails', () => {
  it('should let the node that failed leave the batch, and go on with the others', async () => {
    const core = new RegistryCore();
    core.catalog.fails = (id) => id === 'effect-b';
    const result = await core.saga.run(core.items(announcement('a'), announcement('b'), announcement('c')), COMPLETED);
    expect(result.retry.map(({ event }) => event)).toMatchObject([{ content: { nodeId: 'b' } }]);
    expect(result.changes.map(({ nodeId: id }) => id)).toEqual(['a', 'c']);
    expect(core.services()).toEqual({ 'effect-a': '1.0.0', 'effect-c': '1.0.0' });
    expect(core.store.node(nodeId('b'))).toBeUndefined();
    expect(core.store.positions.nextOffset(TOPIC, 0), 'what is left over is not complete').toBe(0);

    core.catalog.fails = () => false;
    const second = await core.saga.run(result.retry, COMPLETED);
    expect(second).toMatchObject({ retry: [], changes: [{ nodeId: 'b' }] });
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(1000);
    expect(core.store.positions.counts.applied).toBe(3);
  });

  it('should try again what timed out but was applied, and end the same', async () => {
    const core = new RegistryCore();
    core.catalog.faults.next('register', 'applied');
    const result = await core.run(announcement('n'));
    expect(result).toMatchObject({ changes: [], retry: [{}] });
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
    expect(await core.saga.run(result.retry, [])).toMatchObject({ changes: [{ type: 'ADDED' }], retry: [] });
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
  });

  it('should end with one service when the old one could not be removed at first', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.catalog.faults.next('deregister', 'fail');
    const result = await core.run(announcement('n', { at: 1, content: { type: 'compute' } }));
    expect(Object.keys(core.services())).toEqual(['effect-n', 'compute-n']);
    await core.saga.run(result.retry, []);
    expect(Object.keys(core.services())).toEqual(['compute-n']);
    expect(core.store.node(nodeId('n'))).toMatchObject({ consulServiceId: 'compute-n' });
  });

  it('should refuse the one message that Consul refuses, and retry what came before it', async () => {
    const core = new RegistryCore();
    core.catalog.refuses = (id) => id === 'compute-b';
    const result = await core.run(
      announcement('a'),
      announcement('b'),
      announcement('b', { at: 1, content: { type: 'compute' } }),
      announcement('c'),
    );
    expect(result.refused).toMatchObject([{ item: { event: { content: { type: 'compute' } } }, error: { backend: 'consul' } }]);
    expect(result.retry).toMatchObject([{ event: { content: { nodeId: 'b', type: 'effect' } } }]);
    expect(Object.keys(core.services())).toEqual(['effect-a', 'effect-c']);
    expect(await core.saga.run(result.retry, [])).toMatchObject({ done: [{ outcome: 'applied' }], refused: [] });
  });
});

describe('run, while Postgres fails', () => {
  it('should not call Consul when the locks cannot be had', async () => {
    const core = new RegistryCore();
    for (const fault of ['before', 'contention'] as const) {
      core.store.faults.next('transact', fault);
      expect(await core.run(announcement('n'))).toMatchObject({ retry: [{}], changes: [], done: [] });
    }
    expect(core.catalog.calls).toEqual([]);
  });

  it('should take a new node out of Consul again', async () => {
    const core = new RegistryCore();
    core.store.faults.next('transact', 'after');
    const result = await core.run(announcement('n'));
    expect(result.retry).toHaveLength(1);
    expect(core.services()).toEqual({});
    expect(core.catalog.calls.map(({ call }) => call)).toEqual(['register', 'deregister']);
    expect(core.alignment.pending()).toBe(0);
  });

  it.each([
    ['changed content', announcement('n', { at: 1, ...v2 })],
    ['another service id', announcement('n', { at: 1, content: { type: 'compute' } })],
    ['a removal', goodbye('n', { at: 1 })],
  ])('should put back the previous registration after %s', async (_, event) => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.store.faults.next('transact', 'after');
    await core.run(event);
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
    expect(core.catalog.checks().get('effect-n')?.status).toBe('passing');
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REGISTERED', version: '1.0.0' });
  });

  it("should leave another registry's service of the same id alone when it undoes its own", async () => {
    const core = new RegistryCore();
    core.catalog.seed(core.catalog.define(announcement('n').content, 'theirs'), null, 'another registry');
    core.store.faults.next('transact', 'after');
    await core.run(announcement('n'));
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
    expect(core.catalog.services.get('effect-n')?.service.meta['content_hash']).toBe('theirs');
  });

  it('should go forward when the COMMIT succeeded and only its answer was lost', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    for (const [event, services] of [
      [announcement('n', { at: 1, ...v2 }), { 'effect-n': '2.0.0' }],
      [announcement('n', { at: 2, content: { type: 'compute' } }), { 'compute-n': '1.0.0' }],
      [goodbye('n', { at: 3 }), {}],
      [announcement('n', { at: 4 }), { 'effect-n': '1.0.0' }],
    ] as const) {
      core.store.faults.next('transact', 'lost');
      const { retry } = await core.run(event);
      expect(core.services()).toEqual(services);
      expect(await core.saga.run(retry, [])).toMatchObject({ done: [{ outcome: 'unchanged' }], changes: [] });
      expect(core.services()).toEqual(services);
    }
    expect(core.store.log.entries.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED', 'REMOVED', 'ADDED']);
    expect(core.store.positions.counts).toMatchObject({ applied: 5, unchanged: 0 });
  });

  it('should leave the compensation for later when Postgres stays away, without throwing', async () => {
    const core = new RegistryCore();
    core.store.faults.next('transact', 'after');
    core.store.faults.next('transact', 'before');
    expect((await core.run(announcement('n'))).retry).toHaveLength(1);
    expect(core.alignment.pending()).toBe(1);
    expect(core.services()).toEqual({ 'effect-n': '1.0.0' });
  });

  it('should find the one row that Postgres refuses for good, and register the others', async () => {
    const core = new RegistryCore();
    core.store.refuses = ({ version }) => version === '2.0.0';
    const { refused, retry, changes } = await core.run(
      announcement('a'),
      announcement('b'),
      announcement('b', { at: 1, ...v2 }),
      announcement('c'),
    );
    expect(refused).toMatchObject([{ item: { event: { content: { version: '2.0.0' } } }, error: { backend: 'postgres' } }]);
    expect(retry).toEqual([]);
    expect(changes.map(({ nodeId: id, node }) => [id, node.version])).toEqual([
      ['a', '1.0.0'],
      ['b', '1.0.0'],
      ['c', '1.0.0'],
    ]);
    expect(core.services()).toEqual({ 'effect-a': '1.0.0', 'effect-b': '1.0.0', 'effect-c': '1.0.0' });
  });

  it('should record completion although each had to be tried alone, and none was refused then', async () => {
    const core = new RegistryCore();
    core.store.faults.next('transact', 'refused');
    const { refused, retry } = await core.saga.run(core.items(announcement('a'), announcement('b')), COMPLETED);
    expect([refused, retry]).toEqual([[], []]);
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(1000);
  });
});
