import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReportedHealth } from '../../../src/events/announcement.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { HealthKeeper } from '../../../src/registry/health-keeper.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { ObservedCheck } from '../../../src/registry/ports.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeLeadership } from './fakes/fake-leadership.ts';
import { MemoryStore } from './fakes/memory-store.ts';
import { heartbeat, NO_ENDPOINT, T0 } from './fakes/messages.ts';
import { change, NO_SIGNS, record } from './fakes/node-record.ts';
import { recordedLog } from './fakes/recorded-log.ts';

const TIMEOUT = 90_000;
/** The nodes have settled by then. */
const START = T0 + 10_000;

const stop: (() => Promise<void>)[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(async () => {
  for (const end of stop.splice(0)) await end();
  vi.useRealTimers();
});

function setUp(...nodes: readonly NodeRecord[]) {
  const store = new MemoryStore();
  const view = new RegistryView();
  const leadership = new FakeLeadership();
  const { log, lines } = recordedLog();
  for (const node of nodes) store.commit(change(node));
  view.load(store.nodes(), store.log.head);
  let heardSince = T0;
  const keeper = new HealthKeeper({
    view,
    store,
    leadership,
    hearing: () => ({ now: Date.now(), since: heardSince, timeout: TIMEOUT }),
    log,
    onCommitted: () => view.load(store.nodes(), store.log.head),
  });
  const abort = new AbortController();
  let running = Promise.resolve();
  stop.push(async () => {
    abort.abort();
    await running;
  });
  return {
    store,
    view,
    leadership,
    lines,
    keeper,
    hearSince: (time: number) => {
      heardSince = time;
    },
    async start() {
      running = keeper.run(abort.signal);
      await vi.advanceTimersByTimeAsync(0);
    },
    /** What Consul says now. */
    async observe(checks: Record<string, ObservedCheck['status']>) {
      view.observeChecks(new Map(Object.entries(checks).map(([id, status]) => [id, { status, output: `${status} says Consul` }])));
      keeper.kick();
      await vi.advanceTimersByTimeAsync(0);
    },
    /** Entries after those of the nodes themselves. */
    told: () => store.log.entries.slice(nodes.length).map(({ type, nodeId, node, reason }) => `${type} ${nodeId} ${node.health} ${reason}`),
  };
}

/** Heartbeats since T0. */
const beating = (id: string, different: Partial<NodeRecord> = {}) =>
  record(id, { liveness: { ...NO_SIGNS, lastHeartbeatAt: T0 }, ...different });

describe('run', () => {
  it('should write what Consul says into the log at once', async () => {
    const { start, observe, told, view } = setUp(record('a'), record('b'));
    await start();
    await observe({ 'effect-a': 'critical', 'effect-b': 'passing' });
    expect(told()).toEqual(['HEALTH_CHANGED a UNHEALTHY check_critical']);
    expect(view.get('a')).toMatchObject({ checkStatus: 'critical', checkOutput: 'critical says Consul', updatedAt: START });
    await vi.advanceTimersByTimeAsync(2000);
    await observe({ 'effect-a': 'warning', 'effect-b': 'passing' });
    await vi.advanceTimersByTimeAsync(2000);
    await observe({ 'effect-a': 'passing', 'effect-b': 'passing' });
    expect(told().slice(1)).toEqual(['HEALTH_CHANGED a DEGRADED check_warning', 'HEALTH_CHANGED a HEALTHY check_passing']);
  });

  it('should write nothing for what stays as it was', async () => {
    const { start, observe, told, store } = setUp(record('a'));
    await start();
    const before = store.transactions.length;
    for (let i = 0; i < 5; i += 1) await observe({ 'effect-a': 'passing' });
    expect(told()).toEqual([]);
    expect(store.transactions.length).toBe(before);
  });

  it('should write what heartbeats report within a second', async () => {
    const { start, store, view, told } = setUp(record('a'));
    await start();
    await store.recordLiveness([heartbeat('a', { reportedHealth: 'recovering' })], START, { processed: [], completed: [] });
    view.applyLiveness((await store.livenessSince('0')).updates);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told()).toEqual(['HEALTH_CHANGED a DEGRADED heartbeat']);
  });

  it('should not take a heartbeat without a status for good health', async () => {
    const { start, store, view, told } = setUp(record('a'));
    await start();
    const heard = async (reportedHealth: ReportedHealth | null) => {
      await store.recordLiveness([heartbeat('a', { reportedHealth })], Date.now(), { processed: [], completed: [] });
      view.applyLiveness((await store.livenessSince('0')).updates);
      await vi.advanceTimersByTimeAsync(1000);
    };
    await heard('critical');
    await heard(null);
    expect(told()).toEqual(['HEALTH_CHANGED a UNHEALTHY heartbeat']);
    await heard('healthy');
    expect(told().slice(1)).toEqual(['HEALTH_CHANGED a HEALTHY heartbeat']);
  });

  it('should notice silence: DEGRADED while the check passes, UNHEALTHY without one', async () => {
    const { start, told } = setUp(beating('checked'), beating('unchecked', { checkStatus: 'none' }), record('never-beat'));
    await start();
    await vi.advanceTimersByTimeAsync(TIMEOUT - 11_000);
    expect(told()).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(told()).toEqual(['HEALTH_CHANGED checked DEGRADED silence', 'HEALTH_CHANGED unchecked UNHEALTHY silence']);
  });

  it('should not count silence that the gateway could not have heard', async () => {
    const { start, told, hearSince } = setUp(beating('a'));
    await start();
    hearSince(START + TIMEOUT);
    await vi.advanceTimersByTimeAsync(TIMEOUT + 30_000);
    expect(told()).toEqual([]);
    await vi.advanceTimersByTimeAsync(TIMEOUT);
    expect(told()).toEqual(['HEALTH_CHANGED a DEGRADED silence']);
  });

  it('should be left to the leader', async () => {
    const { start, observe, told, leadership } = setUp(record('a'));
    leadership.leads = false;
    await start();
    await observe({ 'effect-a': 'critical' });
    expect(told()).toEqual([]);
    leadership.leads = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told()).toHaveLength(1);
  });

  it('should write nothing as a leader that was deposed and does not know it', async () => {
    const { start, store, observe, told, lines } = setUp(record('a'));
    store.term += 1;
    await start();
    await observe({ 'effect-a': 'critical' });
    expect([told(), lines.filter(({ level }) => level !== 'info')]).toEqual([[], []]);
  });

  it("should not believe Consul's word from before the node's last change for a second", async () => {
    const { start, observe, told } = setUp(record('a', { updatedAt: START }));
    await start();
    await observe({ 'effect-a': 'critical' });
    expect(told()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(told()).toEqual(['HEALTH_CHANGED a UNHEALTHY check_critical']);
  });

  it('should say nothing of nodes that left', async () => {
    const { start, observe, told } = setUp(record('a', { state: 'EXPIRED', consulServiceId: 'effect-a' }));
    await start();
    await observe({ 'effect-a': 'critical' });
    expect(told()).toEqual([]);
  });

  it('should judge by what is stored where memory is behind it', async () => {
    const { start, store, observe, told } = setUp(record('a'));
    await start();
    store.commit(change(record('a', { state: 'REMOVED', consulServiceId: null }), { type: 'REMOVED', reason: 'shutdown' }));
    await observe({ 'effect-a': 'critical' });
    expect(told()).toEqual(['REMOVED a HEALTHY shutdown']);
  });

  it('should try again when Postgres does not answer', async () => {
    const { start, store, observe, told, lines } = setUp(record('a'));
    await start();
    store.faults.next('transact', 'before', 2);
    await observe({ 'effect-a': 'critical' });
    expect(told()).toEqual([]);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(told()).toEqual(['HEALTH_CHANGED a UNHEALTHY check_critical']);
  });

  it('should say each change once where only the answer to COMMIT was lost', async () => {
    const { start, store, observe, told, view } = setUp(record('a'));
    await start();
    store.faults.next('transact', 'lost');
    await observe({ 'effect-a': 'critical' });
    await vi.advanceTimersByTimeAsync(3000);
    view.load(store.nodes(), store.log.head);
    await vi.advanceTimersByTimeAsync(3000);
    expect(told()).toEqual(['HEALTH_CHANGED a UNHEALTHY check_critical']);
  });

  it('should take at most 500 nodes at once, and the rest a moment later', async () => {
    const nodes = Array.from({ length: 620 }, (_, index) => record(`n${index}`));
    const { start, observe, told, store } = setUp(...nodes);
    await start();
    await observe(Object.fromEntries(nodes.map(({ nodeId }) => [`effect-${nodeId}`, 'critical' as const])));
    await vi.advanceTimersByTimeAsync(3000);
    expect(told()).toHaveLength(620);
    expect(store.transactions.map((nodeIds) => nodeIds.length)).toEqual([500, 120]);
  });

  it('should leave a node without an endpoint to what it says itself', async () => {
    const node = record('a', { checkStatus: 'none', health: 'UNKNOWN' }, NO_ENDPOINT);
    const { start, told, view, store } = setUp(node);
    await start();
    expect(told()).toEqual([]);
    await store.recordLiveness([heartbeat('a')], START, { processed: [], completed: [] });
    view.applyLiveness((await store.livenessSince('0')).updates);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told()).toEqual(['HEALTH_CHANGED a HEALTHY heartbeat']);
  });

  it('should start from an empty registry too', async () => {
    const { start, observe, view, told } = setUp();
    await start();
    await observe({ 'effect-a': 'critical' });
    expect([view.head(), told()]).toEqual([toCursor(0), []]);
  });
});
