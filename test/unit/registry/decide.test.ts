import { describe, expect, it } from 'vitest';
import type { Announcement, Goodbye } from '../../../src/events/announcement.ts';
import { type Decision, decideAnnouncement, decideGoodbye, decideRenewal, judged, removed } from '../../../src/registry/decide.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { IssuedRequest, ObservedCheck } from '../../../src/registry/ports.ts';
import { MemoryCatalog } from './fakes/memory-catalog.ts';
import * as messages from './fakes/messages.ts';
import { content, nodeId, T0 } from './fakes/messages.ts';

/** The gateway's clock, seconds and milliseconds. */
const NOW = T0;
const T = NOW / 1000;
const catalog = new MemoryCatalog();
const passing: ObservedCheck = { status: 'passing', output: 'ok' };
const critical: ObservedCheck = { status: 'critical', output: 'refused' };

const hearing = (now = NOW) => ({ now, since: 0, timeout: 90_000 });

/** Said at this time, in seconds since 1970. */
const announcement = (id: string, time: number, more: Partial<Announcement> = {}) =>
  messages.announcement(id, { at: time * 1000 - T0, ...more });
const goodbye = (id: string, time: number, more: Partial<Goodbye> = {}) => messages.goodbye(id, { at: time * 1000 - T0, ...more });

function decide(
  stored: NodeRecord | undefined,
  event: Announcement,
  { probed = passing, request, now = NOW }: { probed?: ObservedCheck | null; request?: IssuedRequest; now?: number } = {},
): Decision {
  const circumstances = { hearing: hearing(now), request, service: catalog.define(event.content, event.contentHash) };
  // The short way comes to the same wherever it decides.
  const renewal = decideRenewal(stored, event, circumstances);
  if (renewal !== null) expect(renewal).toEqual(decideAnnouncement(stored, event, { ...circumstances, probed: null }));
  return decideAnnouncement(stored, event, { ...circumstances, probed });
}

function applied(decision: Decision): NodeRecord {
  if (decision.outcome === 'superseded') throw new Error(`superseded: ${decision.why}`);
  return decision.node;
}

const registered = (time = T, more: Partial<Announcement> = {}) => applied(decide(undefined, announcement('n', time, more)));
const request = (more: Partial<IssuedRequest> = {}): IssuedRequest => ({
  correlationId: 'c',
  nodeId: null,
  operator: null,
  byOperator: false,
  issuedAt: NOW + 10,
  ...more,
});
const v2 = (id = 'n') => content(id, { version: '2.0.0' });

describe('decideAnnouncement', () => {
  it('should add an unknown node, healthy as its probe says', () => {
    const decision = decide(undefined, announcement('n', T, { correlationId: 'c-1' }));
    expect(decision).toMatchObject({
      outcome: 'applied',
      node: {
        state: 'REGISTERED',
        health: 'HEALTHY',
        checkStatus: 'passing',
        serviceName: 'effect-service',
        consulServiceId: 'effect-n',
        registeredAt: NOW,
      },
      change: { type: 'ADDED', reason: 'startup', correlationId: 'c-1', before: null },
    });
    expect(applied(decide(undefined, announcement('n', T), { probed: critical }))).toMatchObject({
      health: 'UNHEALTHY',
      checkOutput: 'refused',
    });
  });

  it('should leave a node without check and signal UNKNOWN, and believe what the announcement says of its health', () => {
    const bare = content('n', { endpoints: [], address: null, port: null });
    expect(applied(decide(undefined, announcement('n', T, { content: bare }), { probed: null }))).toMatchObject({
      health: 'UNKNOWN',
      checkStatus: 'none',
    });
    expect(applied(decide(undefined, announcement('n', T, { content: bare, reportedHealth: 'healthy' }), { probed: null }))).toMatchObject({
      health: 'HEALTHY',
    });
    expect(registered(T, { reportedHealth: 'critical' }).health).toBe('UNHEALTHY');
  });

  it('should only renew state and order of unchanged content', () => {
    const stored = registered();
    const decision = decide(stored, announcement('n', T + 30, { currentState: { busy: true }, reason: 'periodic' }), { now: NOW + 30_000 });
    expect(decision).toMatchObject({
      outcome: 'unchanged',
      node: {
        currentState: { busy: true },
        stateReason: 'startup',
        registeredAt: NOW,
        updatedAt: NOW,
        accepted: { time: (T + 30) * 1e6 },
        liveness: { lastSeenAt: NOW + 30_000 },
      },
    });
  });

  it('should tell which fields a new content changes, and what it was before', () => {
    const decision = decide(registered(), announcement('n', T + 1, { content: v2(), reason: 'config_update' }));
    expect(decision).toMatchObject({
      outcome: 'applied',
      change: {
        type: 'MODIFIED',
        reason: 'config_update',
        changedFields: ['version'],
        before: { type: 'effect', capabilities: ['database.query'] },
      },
    });
  });

  it('should supersede what is older, by time, then by payload time', () => {
    expect(decide(registered(), announcement('n', T - 1, { content: v2() }))).toMatchObject({ outcome: 'superseded' });
    const said = { epoch: null, time: T * 1e6, payloadTime: (T - 5) * 1e6 };
    expect(decide(registered(), announcement('n', T, { content: v2(), said }))).toMatchObject({ outcome: 'superseded' });
    expect(decide(registered(), announcement('n', T, { content: v2() }))).toMatchObject({ outcome: 'applied' });
  });

  it('should let epochs decide before times, where both have one', () => {
    const at = (epoch: number | null, time: number) =>
      announcement('n', time, { content: v2(), said: { epoch, time: time * 1e6, payloadTime: time * 1e6 } });
    const stored = applied(decide(undefined, { ...at(3, T), content: content('n'), contentHash: 'first' }));
    expect(decide(stored, at(2, T + 100))).toMatchObject({ outcome: 'superseded' });
    expect(decide(stored, at(4, T - 100))).toMatchObject({ outcome: 'applied', node: { accepted: { epoch: 4 } } });
    expect(decide(stored, at(null, T - 1))).toMatchObject({ outcome: 'superseded' });
    // An epoch once known goes on fencing.
    expect(decide(stored, at(null, T + 1))).toMatchObject({ outcome: 'applied', node: { accepted: { epoch: 3 } } });
  });

  it('should count a time over 5 minutes ahead as the time of arrival, and still tell a later message from a repeated one', () => {
    const stored = registered(T + 301);
    expect(stored.accepted).toMatchObject({ time: NOW * 1000, rawTime: (T + 301) * 1e6 });
    expect(registered(T + 299).accepted).toMatchObject({ time: (T + 299) * 1e6 });
    const later = { now: NOW + 5000 };
    expect(decide(stored, announcement('n', T + 401, { content: v2() }), later)).toMatchObject({ outcome: 'applied' });
    expect(decide(stored, announcement('n', T + 300.5, { content: v2() }), { now: NOW - 2000 })).toMatchObject({ outcome: 'superseded' });
    // Its clock was set right: an honest time after the arrival counts.
    expect(decide(stored, announcement('n', T + 1, { content: v2() }), later)).toMatchObject({ outcome: 'applied' });
  });

  it('should accept an answer to a question asked since, although its clock stepped back', () => {
    const back = announcement('n', T - 3600, { content: v2(), correlationId: 'c' });
    expect(decide(registered(), back, { request: request({ issuedAt: NOW - 1 }) })).toMatchObject({ outcome: 'superseded' });
    expect(decide(registered(), back, { request: request({ nodeId: nodeId('other') }) })).toMatchObject({ outcome: 'superseded' });
    expect(decide(registered(), back, { request: request() })).toMatchObject({
      outcome: 'applied',
      node: { accepted: { time: (T - 3600) * 1e6 } },
    });
  });

  it('should not take the answer of an earlier life: a replaced process that has not ended yet answers a broadcast too', () => {
    const life = (epoch: number, time: number, correlationId: string | null = null) =>
      announcement('n', time, { content: v2(), correlationId, said: { epoch, time: time * 1e6, payloadTime: time * 1e6 } });
    const stored = applied(decide(undefined, life(2, T)));
    expect(decide(stored, life(1, T + 100, 'c'), { request: request() })).toMatchObject({ outcome: 'superseded' });
    // The same life, its clock put back.
    expect(decide(stored, life(2, T - 100, 'c'), { request: request() })).toMatchObject({ outcome: 'unchanged' });
    // Without an epoch, an answer is later than what it answers, and the epoch goes on fencing.
    const back = announcement('n', T - 100, { content: content('n', { version: '3.0.0' }), correlationId: 'c' });
    expect(decide(stored, back, { request: request() })).toMatchObject({ outcome: 'applied', node: { accepted: { epoch: 2 } } });
  });

  it('should bring back a node that said goodbye by an answer to a question asked since, whatever its clock says', () => {
    const gone = applied(decideGoodbye(registered(), goodbye('n', T + 5), NOW));
    const back = announcement('n', T - 3600, { correlationId: 'c', reason: 'request' });
    expect(decide(gone, back)).toMatchObject({ outcome: 'superseded' });
    expect(decide(gone, back, { request: request() })).toMatchObject({ outcome: 'applied', change: { type: 'ADDED', reason: 'request' } });
  });

  it('should register a message that is dated long ago: freshness is judged by the time of receipt', () => {
    expect(decide(undefined, announcement('n', T - 86_400 * 365))).toMatchObject({
      outcome: 'applied',
      node: { health: 'HEALTHY', liveness: { lastSeenAt: NOW }, registeredAt: NOW },
    });
  });

  it('should judge what its announcement says of its health like a heartbeat, and keep it until something else is said', () => {
    const degraded = applied(decide(registered(), announcement('n', T + 1, { reportedHealth: 'degraded' })));
    expect(degraded.health).toBe('DEGRADED');
    expect(decide(degraded, announcement('n', T + 2))).toMatchObject({ outcome: 'unchanged', node: { health: 'DEGRADED' } });
    expect(decide(degraded, announcement('n', T + 2, { reportedHealth: 'healthy', reason: 'health_change' }))).toMatchObject({
      outcome: 'applied',
      change: { type: 'HEALTH_CHANGED', reason: 'health_change', changedFields: ['health'] },
      node: { stateReason: 'startup', updatedAt: NOW },
    });
  });

  it('should forget what an earlier life said of its health', () => {
    const life = (epoch: number | null, time: number, more: Partial<Announcement> = {}) =>
      announcement('n', time, { ...more, said: { epoch, time: time * 1e6, payloadTime: time * 1e6 } });
    const ill = applied(decide(undefined, life(1, T, { reportedHealth: 'critical' })));
    expect(applied(decide(ill, life(1, T + 1))).health).toBe('UNHEALTHY');
    expect(applied(decide(ill, life(null, T + 1))).health).toBe('UNHEALTHY');
    expect(applied(decide(ill, life(2, T + 1))).health).toBe('HEALTHY');
  });

  it('should take nothing over from an earlier registration but its place in the log', () => {
    const first = {
      ...registered(T, { reportedHealth: 'critical' }),
      acknowledgedAt: NOW,
      liveness: { ...registered().liveness, lastHeartbeatAt: NOW },
    };
    const gone = applied(decideGoodbye(first, goodbye('n', T + 1), NOW));
    expect(decide(gone, announcement('n', T + 2), { now: NOW + 5000 })).toMatchObject({
      outcome: 'applied',
      node: {
        health: 'HEALTHY',
        registeredAt: NOW + 5000,
        acknowledgedAt: null,
        liveness: { lastHeartbeatAt: null, reportedHealth: null },
      },
    });
  });

  it('should decide on a renewal without a service, unless health or check are not what they were', () => {
    const stored = registered();
    const renew = (node: NodeRecord | undefined, event = announcement('n', T + 1), now = NOW) =>
      decideRenewal(node, event, { hearing: hearing(now), request: undefined });
    expect(renew(stored)).toMatchObject({ outcome: 'unchanged', node: { accepted: { time: (T + 1) * 1e6 } } });
    expect(renew(stored, announcement('n', T - 1))).toMatchObject({ outcome: 'superseded' });
    expect(renew(stored, announcement('n', T + 1, { reportedHealth: 'critical' }))).toBeNull();
    expect(renew(stored, announcement('n', T + 1, { content: v2() }))).toBeNull();
    expect(renew({ ...stored, checkStatus: 'critical', health: 'UNHEALTHY' })).toBeNull();
    expect(renew({ ...stored, state: 'EXPIRED' })).toBeNull();
    expect(renew(undefined)).toBeNull();
  });

  it('should keep the volatile parts of what is stored when the content is renewed', () => {
    const stored = registered(T, { content: content('n', { metadata: { queue_count: 1 } }) });
    const later = announcement('n', T + 1, { content: content('n', { metadata: { queue_count: 2 } }) });
    expect(decide(stored, later)).toMatchObject({ outcome: 'unchanged', node: { metadata: { queue_count: 1 } } });
  });

  it('should renew the lease of unchanged content as it was announced last', () => {
    const stored = registered(T, { leaseSeconds: 3600 });
    expect(decide(stored, announcement('n', T + 1, { leaseSeconds: 7200 }))).toMatchObject({
      outcome: 'unchanged',
      node: { leaseSeconds: 7200 },
    });
    expect(decide(stored, announcement('n', T + 1))).toMatchObject({ outcome: 'unchanged', node: { leaseSeconds: null } });
  });

  it('should name every field of a new node, and those that a new type, instance or endpoint changes', () => {
    const fields = (decision: Decision) => (decision.outcome === 'applied' ? decision.change?.changedFields : null);
    expect(fields(decide(undefined, announcement('n', T)))).toEqual(expect.arrayContaining(['capabilities', 'health', 'state', 'type']));
    const typed = content('n', { type: 'compute' });
    expect(fields(decide(registered(), announcement('n', T + 1, { content: typed })))).toEqual(['consulServiceId', 'serviceName', 'type']);
    const second = content('n', { instance: 'second' });
    expect(fields(decide(registered(), announcement('n', T + 1, { content: second })))).toEqual(['consulServiceId']);
    const moved = content('n', { endpoints: [{ name: 'health', url: 'http://m.example/health' }], address: 'm.example' });
    expect(fields(decide(registered(), announcement('n', T + 1, { content: moved })))).toEqual(['address', 'endpoints']);
  });

  it('should start its check anew where the probe disagrees with Consul', () => {
    const stored = applied(decide(undefined, announcement('n', T), { probed: critical }));
    expect(decide(stored, announcement('n', T + 1), { probed: passing })).toMatchObject({
      outcome: 'applied',
      change: { type: 'HEALTH_CHANGED' },
      node: { health: 'HEALTHY', checkStatus: 'passing' },
    });
    expect(decide(stored, announcement('n', T + 1), { probed: critical })).toMatchObject({ outcome: 'unchanged' });
    // Not probed: the same check passes in Consul already.
    expect(decide(registered(), announcement('n', T + 1, { content: v2() }), { probed: null })).toMatchObject({
      node: { checkStatus: 'passing' },
    });
  });
});

describe('a node that left', () => {
  const left = (event: Goodbye = goodbye('n', T)) => applied(decideGoodbye(registered(), event, NOW));

  it('should leave by a goodbye that is not older, also at the same time as its startup', () => {
    expect(decideGoodbye(registered(), goodbye('n', T - 1), NOW)).toMatchObject({ outcome: 'superseded' });
    expect(decideGoodbye(registered(), goodbye('n', T), NOW)).toMatchObject({
      outcome: 'applied',
      node: { state: 'REMOVED', stateReason: 'shutdown', consulServiceId: null },
      change: { type: 'REMOVED', reason: 'shutdown', before: { type: 'effect' } },
    });
  });

  it('should come back by a later announcement only', () => {
    expect(decide(left(), announcement('n', T))).toMatchObject({ outcome: 'superseded' });
    expect(decide(left(), announcement('n', T + 1, { reason: 'periodic' }))).toMatchObject({
      outcome: 'applied',
      change: { type: 'ADDED', before: null },
    });
  });

  it('should be fenced by a later goodbye', () => {
    const fenced = applied(decideGoodbye(left(), goodbye('n', T + 10), NOW));
    expect(decide(fenced, announcement('n', T + 5))).toMatchObject({ outcome: 'superseded' });
  });

  it('should be a tombstone only when it was never registered', () => {
    const decision = decideGoodbye(undefined, goodbye('n', T), NOW);
    expect(decision).toMatchObject({ outcome: 'applied', change: null, node: { state: 'REMOVED', cursor: 0 } });
    expect(decide(applied(decision), announcement('n', T - 1))).toMatchObject({ outcome: 'superseded' });
    expect(decide(applied(decision), announcement('n', T + 1))).toMatchObject({ outcome: 'applied', change: { type: 'ADDED' } });
  });

  it('should stay when the goodbye is of an instance that was replaced', () => {
    const stored = registered(T, { content: content('n', { instance: 'new' }) });
    expect(decideGoodbye(stored, goodbye('n', T + 1, { instance: 'old' }), NOW)).toMatchObject({ outcome: 'superseded' });
    expect(decideGoodbye(stored, goodbye('n', T + 1, { instance: 'new' }), NOW)).toMatchObject({ outcome: 'applied' });
    expect(decideGoodbye(stored, goodbye('n', T + 1), NOW)).toMatchObject({ outcome: 'applied' });
  });

  it('should come back from an operator only by a later startup, or as the answer to an operator', () => {
    const out = applied(
      removed(registered(), { state: 'REMOVED', reason: 'operator', correlationId: null, operator: 'ann', note: null }, NOW),
    );
    expect(out.accepted.time).toBe(T * 1e6);
    const later = { correlationId: 'c', reason: 'periodic' };
    expect(decide(out, announcement('n', T))).toMatchObject({ outcome: 'superseded' });
    expect(decide(out, announcement('n', T + 1, { reason: 'periodic' }))).toMatchObject({ outcome: 'superseded' });
    expect(decide(out, announcement('n', T + 1, later), { request: request() })).toMatchObject({ outcome: 'superseded' });
    expect(decide(out, announcement('n', T + 1, later), { request: request({ byOperator: true }) })).toMatchObject({ outcome: 'applied' });
    expect(decide(out, announcement('n', T + 1, later), { request: request({ byOperator: true, issuedAt: NOW - 1 }) })).toMatchObject({
      outcome: 'superseded',
    });
    expect(decide(out, announcement('n', T + 1))).toMatchObject({ outcome: 'applied', change: { type: 'ADDED' } });
    // A goodbye does not lift it.
    expect(applied(decideGoodbye(out, goodbye('n', T + 2), NOW)).stateReason).toBe('operator');
  });

  it('should come back after expiry by any later announcement', () => {
    const expired = applied(
      removed(registered(), { state: 'EXPIRED', reason: 'lease_expired', correlationId: null, operator: null, note: null }, NOW),
    );
    expect(decide(expired, announcement('n', T))).toMatchObject({ outcome: 'superseded' });
    expect(decide(expired, announcement('n', T + 1, { reason: 'periodic' }))).toMatchObject({
      outcome: 'applied',
      change: { type: 'ADDED' },
    });
  });
});

describe('judged', () => {
  it('should say nothing where nothing changed, and otherwise what did', () => {
    expect(judged(registered(), null, 'heartbeat', hearing())).toBeNull();
    expect(judged(registered(), passing, 'check_passing', hearing())).toBeNull();
    expect(judged(registered(), critical, 'check_critical', hearing(NOW + 1))).toMatchObject({
      change: { type: 'HEALTH_CHANGED', reason: 'check_critical', changedFields: ['health'] },
      node: { health: 'UNHEALTHY', checkStatus: 'critical', checkOutput: 'refused', liveness: { lastSeenAt: NOW + 1 } },
    });
  });
});
