import { describe, expect, it } from 'vitest';
import { announcement, goodbye, healthUrl, NO_ENDPOINT, nodeId, TOPIC } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

const v2 = { content: { version: '2.0.0' } };
const COMPLETED = [{ topic: TOPIC, partition: 0, nextOffset: '1000' }];

describe('run', () => {
  it('should register in Consul first, then in Postgres, with one change', async () => {
    const core = new RegistryCore();
    const seen: unknown[] = [];
    core.store.beforeCommit = async () => {
      seen.push([Object.keys(core.services()), core.store.node(nodeId('n'))]);
    };
    const { changes, done } = await core.run(announcement('n', { correlationId: 'c' }));
    expect(seen).toEqual([[['effect-n'], undefined]]);
    expect(changes).toMatchObject([{ type: 'ADDED', nodeId: 'n', cursor: 1, correlationId: 'c', node: { cursor: 1 } }]);
    expect(done).toMatchObject([{ outcome: 'applied', why: null }]);
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REGISTERED', health: 'HEALTHY', cursor: 1, consulServiceId: 'effect-n' });
  });

  it('should make no Consul call and no change for unchanged content, but renew the row', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.catalog.calls.length = 0;
    core.clock.advance(30_000);
    const { changes, done } = await core.run(announcement('n', { at: 30_000, reason: 'periodic', currentState: 'busy' }));
    expect(changes).toEqual([]);
    expect(done).toMatchObject([{ outcome: 'unchanged' }]);
    expect(core.catalog.calls).toEqual([]);
    expect(core.store.node(nodeId('n'))).toMatchObject({ currentState: 'busy', liveness: { lastSeenAt: core.clock.now() } });
  });

  it('should answer an unchanged startup, and nothing else that is unchanged', async () => {
    const core = new RegistryCore();
    expect((await core.run(announcement('n'))).renewed).toEqual([]);
    expect((await core.run(announcement('n', { at: 1, reason: 'periodic' }))).renewed).toEqual([]);
    const { renewed } = await core.run(announcement('n', { at: 2, correlationId: 'again' }));
    expect(renewed).toMatchObject([{ correlationId: 'again', node: { nodeId: 'n', cursor: 1, consulServiceId: 'effect-n' } }]);
  });

  it('should not probe nor start anew a check that passes and stays the same, whatever else changes', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.probe.probed.length = 0;
    core.probe.otherwise = { status: 'critical', output: 'would flap' };
    await core.run(announcement('n', { at: 1, ...v2 }));
    expect(core.services()).toEqual({ 'effect-n': '2.0.0' });
    expect(core.catalog.checks().get('effect-n')?.status).toBe('passing');
    expect(core.catalog.restarted).toEqual([]);
    expect(core.probe.probed).toEqual([]);
  });

  it('should probe a new endpoint before any lock is held, and register with what it found', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    const probe = core.probe.probe.bind(core.probe);
    const transactions: number[] = [];
    core.probe.probe = (check) => {
      transactions.push(core.store.transactions.length);
      return probe(check);
    };
    core.probe.otherwise = { status: 'critical', output: 'connection refused' };
    await core.run(announcement('n', { at: 1, content: { endpoints: [{ name: 'health', url: 'http://elsewhere.test/health' }] } }));
    expect(transactions).toEqual([1]);
    expect(core.catalog.calls.at(-1)).toMatchObject({ call: 'register', initial: 'critical' });
    expect(core.store.node(nodeId('n'))).toMatchObject({ health: 'UNHEALTHY', checkOutput: 'connection refused' });
  });

  it('should probe once more where what is stored says otherwise than memory', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    // Another gateway removed it; this one has not read that yet.
    await core.saga.run(core.items(goodbye('n', { at: 1 })), []);
    core.probe.probed.length = 0;
    await core.saga.run(core.items(announcement('n', { at: 2 })), []);
    expect(core.probe.probed).toEqual([{ kind: 'http', url: healthUrl('n') }]);
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REGISTERED', checkStatus: 'passing' });
  });

  it('should tell of a health that the node reports, without a call to Consul', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.catalog.calls.length = 0;
    const { changes } = await core.run(announcement('n', { at: 1, reason: 'health_change', reportedHealth: 'degraded' }));
    expect(changes).toMatchObject([
      { type: 'HEALTH_CHANGED', reason: 'health_change', changedFields: ['health'], node: { health: 'DEGRADED', checkStatus: 'passing' } },
    ]);
    expect(core.catalog.calls).toEqual([]);
  });

  it('should start a critical check anew when the probe finds the node well', async () => {
    const core = new RegistryCore();
    core.probe.otherwise = { status: 'critical', output: 'connection refused' };
    await core.run(announcement('n'));
    core.probe.otherwise = { status: 'passing', output: '200' };
    const { changes } = await core.run(announcement('n', { at: 1 }));
    expect(changes).toMatchObject([{ type: 'HEALTH_CHANGED', node: { health: 'HEALTHY' } }]);
    expect(core.catalog.restarted).toEqual(['effect-n']);
    expect(core.catalog.checks().get('effect-n')?.status).toBe('passing');
  });

  it.each([
    ['type', { type: 'compute' }],
    ['instance', { instance: 'second' }],
  ])('should replace the old service by the new one when the %s changes', async (_, changed) => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    core.catalog.calls.length = 0;
    await core.run(announcement('n', { at: 1, content: changed }));
    const id = core.store.node(nodeId('n'))?.consulServiceId;
    expect(id).not.toBe('effect-n');
    // The new one first: at no moment is the node in none.
    expect(core.catalog.calls).toMatchObject([
      { call: 'register', id },
      { call: 'deregister', id: 'effect-n' },
    ]);
    expect(Object.keys(core.services())).toEqual([id]);
  });

  it('should take a node that says goodbye out of Consul', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n'));
    const { changes } = await core.run(goodbye('n', { at: 1 }));
    expect(changes).toMatchObject([{ type: 'REMOVED', reason: 'shutdown' }]);
    expect(core.services()).toEqual({});
  });

  it('should keep only a tombstone of an unknown node that says goodbye', async () => {
    const core = new RegistryCore();
    const { changes, done } = await core.run(goodbye('n', { at: 1 }));
    expect(changes).toEqual([]);
    expect(done).toMatchObject([{ outcome: 'applied' }]);
    expect(core.catalog.calls).toEqual([]);
    expect(await core.run(announcement('n', { at: 0 }))).toMatchObject({ done: [{ outcome: 'superseded' }] });
  });

  it('should register a node without endpoints without a check', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { content: NO_ENDPOINT }));
    expect(core.catalog.services.get('effect-n')).toMatchObject({ check: null });
    expect(core.store.node(nodeId('n'))).toMatchObject({ checkStatus: 'none', health: 'UNKNOWN' });
  });

  it("should fold one node's messages in order into one Consul call", async () => {
    const core = new RegistryCore();
    const { changes, done } = await core.run(
      announcement('n', { at: 0 }),
      announcement('n', { at: 1, content: { version: '1.5.0' } }),
      announcement('n', { at: 0, content: { version: '0.9.0' } }),
      announcement('n', { at: 2, ...v2 }),
    );
    expect(done.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'superseded', 'applied']);
    expect(changes.map(({ type, node, cursor }) => [type, node.version, cursor])).toEqual([
      ['ADDED', '1.0.0', 1],
      ['MODIFIED', '1.5.0', 2],
      ['MODIFIED', '2.0.0', 3],
    ]);
    expect(core.catalog.calls).toMatchObject([{ call: 'register', id: 'effect-n' }]);
    expect(core.services()).toEqual({ 'effect-n': '2.0.0' });
    expect(core.store.node(nodeId('n'))?.cursor).toBe(3);
  });

  it('should not touch Consul for a node that came and went in one batch', async () => {
    const core = new RegistryCore();
    const { changes } = await core.run(announcement('n'), goodbye('n', { at: 1 }));
    expect(changes.map(({ type }) => type)).toEqual(['ADDED', 'REMOVED']);
    expect(core.catalog.calls).toEqual([]);
  });

  it('should recognise the answer to a request that any gateway recorded', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { at: 60_000 }));
    core.clock.advance(1000);
    await core.store.recordRequest({
      correlationId: 'asked',
      nodeId: null,
      operator: null,
      byOperator: false,
      issuedAt: core.clock.now(),
    });
    const back = { at: 1000, ...v2 };
    expect(await core.run(announcement('n', back))).toMatchObject({ done: [{ outcome: 'superseded', why: 'older than what is stored' }] });
    expect(await core.run(announcement('n', { ...back, correlationId: 'asked' }))).toMatchObject({ done: [{ outcome: 'applied' }] });
  });

  it('should stand beside a service of the same id that another registry owns, and leave that alone', async () => {
    const core = new RegistryCore();
    const theirs = core.catalog.define(announcement('n').content, 'theirs');
    core.catalog.seed(theirs, { status: 'passing', output: '' }, 'another registry');
    await core.run(announcement('n'));
    const id = core.store.node(nodeId('n'))?.consulServiceId ?? '';
    expect(id).toMatch(/^effect-n-./);
    expect(core.store.log.entries).toMatchObject([{ type: 'ADDED', node: { consulServiceId: id } }]);
    await core.run(announcement('n', { at: 1, ...v2 }));
    expect(core.store.node(nodeId('n'))).toMatchObject({ version: '2.0.0', consulServiceId: id });
    expect(core.services()).toEqual({ 'effect-n': '1.0.0', [id]: '2.0.0' });
    await core.run(goodbye('n', { at: 2 }));
    expect(Object.keys(core.services())).toEqual(['effect-n']);
    expect(core.catalog.services.get('effect-n')?.service.meta['content_hash']).toBe('theirs');
  });

  it('should take many new nodes in small transactions side by side, tell of each at once, and leave completion to whoever waits for all', async () => {
    const core = new RegistryCore();
    const nodes = Array.from({ length: 250 }, (_, index) => announcement(`n-${index}`));
    const completions: number[] = [];
    core.store.beforeCommit = async ({ completed }) => {
      completions.push(completed.length);
    };
    const told: number[] = [];
    const { changes, isRecorded } = await core.saga.run(core.items(...nodes), COMPLETED, (committed) => told.push(committed.length));
    expect(changes).toHaveLength(250);
    expect(core.store.transactions.map((locked) => locked.length)).toEqual([...Array.from({ length: 31 }, () => 8), 2]);
    expect(told.toSorted((a, b) => a - b)).toEqual([2, ...Array.from({ length: 31 }, () => 8)]);
    expect(isRecorded).toBe(false);
    expect(new Set(completions)).toEqual(new Set([0]));
    core.follow();
    core.store.transactions.length = 0;
    // Unchanged ones go to no Consul: as many as Postgres locks.
    const again = Array.from({ length: 250 }, (_, index) => announcement(`n-${index}`, { at: 1 }));
    expect(await core.saga.run(core.items(...again), COMPLETED)).toMatchObject({ isRecorded: true });
    expect(core.store.transactions.map((locked) => locked.length)).toEqual([250]);
    expect(completions.at(-1)).toBe(1);
  });

  it('should hand on an error that is not of a back end', async () => {
    const core = new RegistryCore();
    core.probe.probe = () => Promise.reject(new TypeError('a bug'));
    await expect(core.run(announcement('n'))).rejects.toThrow('a bug');
  });
});
