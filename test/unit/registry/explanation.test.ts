import { describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import { readRequest } from '../../../src/registry/discovery-request.ts';
import { DiscoveryExplanation } from '../../../src/registry/explanation.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import type { DiscoveryQuery } from '../../../src/registry/registry.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { NO_ENDPOINT, T0 } from './fakes/messages.ts';
import { NO_SIGNS, record } from './fakes/node-record.ts';

function viewOf(nodes: readonly NodeRecord[]): RegistryView {
  const view = new RegistryView();
  view.load(nodes, toCursor(nodes.length));
  return view;
}

function explain(nodes: readonly NodeRecord[] | RegistryView, query: Partial<DiscoveryQuery> = {}): DiscoveryExplanation {
  const view = nodes instanceof RegistryView ? nodes : viewOf(nodes);
  return new DiscoveryExplanation(view, new Discovery(view, () => 0), readRequest({ capability: 'database.query', ...query }));
}

const left = (state: 'EXPIRED' | 'REMOVED', stateReason: string): Partial<NodeRecord> => ({
  state,
  stateReason,
  consulServiceId: null,
  checkStatus: null,
  updatedAt: T0 + 60_000,
});
const at = '2026-11-24T12:01:00.000Z';

describe('a node that is withheld', () => {
  const heard = (reportedHealth: 'degraded' | 'unhealthy' | null, lastHeartbeatAt: number | null = null) => ({
    liveness: { ...NO_SIGNS, reportedHealth, lastHeartbeatAt },
  });

  it.each<[string, Partial<NodeRecord>, string, string]>([
    [
      'a goodbye',
      left('REMOVED', 'shutdown'),
      'REMOVED',
      `It said goodbye at ${at}. Start it again: its next announcement brings it back.`,
    ],
    [
      'an operator',
      left('REMOVED', 'operator'),
      'REMOVED',
      `An operator deregistered it at ${at}. Only a startup announcement brings it back`,
    ],
    ['its lease', left('EXPIRED', 'lease_expired'), 'EXPIRED', `It expired at ${at}, last seen at 2026-11-24T12:00:00.000Z.`],
    [
      'Consul',
      { ...left('EXPIRED', 'consul_critical'), checkOutput: 'refused' },
      'EXPIRED',
      `Consul dropped it at ${at}: its check had failed for too long (refused).`,
    ],
    [
      'its check',
      { health: 'UNHEALTHY', checkStatus: 'critical', checkOutput: 'HTTP GET:\n  503', updatedAt: T0 + 60_000 },
      'UNHEALTHY',
      `Its Consul check has failed since ${at} at the latest (HTTP GET: 503). It is handed out again when the check passes: see what http://a.test:8080/health answers.`,
    ],
    ['its own word', { health: 'UNHEALTHY', ...heard('unhealthy') }, 'UNHEALTHY', 'It has said of itself that it is unhealthy, since'],
    ['silence', { health: 'UNHEALTHY', ...heard(null, T0 + 60_000) }, 'UNHEALTHY', `Its last heartbeat came at ${at}.`],
    [
      'silence from the start',
      { health: 'UNHEALTHY', ...heard(null) },
      'UNHEALTHY',
      'It has not been heard since it announced itself at 2026-11-24T12:00:00.000Z.',
    ],
    [
      'a warning check',
      { health: 'DEGRADED', checkStatus: 'warning', checkOutput: '429' },
      'DEGRADED',
      'Its Consul check has warned since',
    ],
    ['its own degraded word', { health: 'DEGRADED', ...heard('degraded') }, 'DEGRADED', 'It has said of itself that it is degraded, since'],
    [
      'silence beside a passing check',
      { health: 'DEGRADED', ...heard(null, T0) },
      'DEGRADED',
      'Its check passes: it is handed out again with its next heartbeat.',
    ],
    [
      'nothing that is known',
      { health: 'UNKNOWN', checkStatus: 'none', ...NO_ENDPOINT },
      'UNKNOWN',
      'it has no endpoint to check and sent no heartbeat',
    ],
    ['a check to come', { health: 'UNKNOWN', checkStatus: null }, 'UNKNOWN', 'Consul has not checked it yet'],
  ])('should say that it is for %s, and what to do', (_, different, reason, sentence) => {
    const explanation = explain([record('a', different)]);
    expect(explanation.handedOut).toBe(0);
    const [withheld, ...more] = explanation.withheld(10);
    expect(more).toEqual([]);
    expect(withheld).toMatchObject({
      reason,
      otherReasons: [],
      since: different.updatedAt ?? T0,
      sentence: expect.stringContaining(sentence),
    });
    expect(withheld?.node.nodeId).toBe('a');
  });

  it('should say that Consul holds it critical while the log does not yet', () => {
    const view = viewOf([record('a')]);
    view.observeChecks(new Map([['effect-a', { status: 'critical', output: 'refused' }]]));
    expect(explain(view).withheld(1)).toMatchObject([
      { reason: 'UNHEALTHY', since: null, sentence: expect.stringContaining('Its Consul check fails at this moment (refused).') },
    ]);
  });

  it.each<[Partial<NodeRecord>, Partial<DiscoveryQuery>, string, string]>([
    [{ type: 'reducer' }, { types: ['Effect'] }, 'WRONG_TYPE', 'Its type is "reducer", and only "Effect" was asked for'],
    [{}, { types: [] }, 'WRONG_TYPE', 'Its type is "effect", and no type at all was asked for'],
    [{ version: '1.0.0' }, { versionRange: '^2.1.0' }, 'WRONG_VERSION', 'Its version "1.0.0" is not in >=2.1.0 <3.0.0-0'],
    [{ version: null }, { versionRange: '*' }, 'WRONG_VERSION', 'It announces no version'],
    [{}, { allOf: ['Cache', 'x'] }, 'LACKS_CAPABILITY', 'It does not have "Cache" and "x"'],
  ])('should say of %j what of the request %j it does not meet', (different, query, reason, sentence) => {
    const [withheld] = explain([record('a', different)], query).withheld(1);
    expect(withheld).toMatchObject({ reason, since: null, sentence: expect.stringContaining(sentence) });
  });

  it('should say that its name does not count while others have a capability of that name', () => {
    const nodes = [record('named', { serviceName: 'database.query' }, { capabilities: [] }), record('capable', { health: 'UNHEALTHY' })];
    const [first, second] = explain(nodes).withheld(2);
    expect(first).toMatchObject({ node: { nodeId: 'capable' }, reason: 'UNHEALTHY' });
    expect(second).toMatchObject({
      node: { nodeId: 'named' },
      reason: 'LACKS_CAPABILITY',
      sentence: expect.stringContaining('is its name, not a capability'),
    });
  });

  it('should tell all that stands against it, the state first', () => {
    const node = record('a', { ...left('EXPIRED', 'lease_expired'), version: '1.0.0' });
    expect(explain([node], { types: ['reducer'], versionRange: '2', allOf: ['x'] }).withheld(1)).toMatchObject([
      { reason: 'EXPIRED', otherReasons: ['WRONG_TYPE', 'WRONG_VERSION', 'LACKS_CAPABILITY'] },
    ]);
  });

  it('should not be the tombstone of a node that was never registered', () => {
    const tombstone = record('a', { ...left('REMOVED', 'shutdown'), contentHash: '' });
    expect(explain([tombstone]).withheldCount).toBe(0);
  });

  it('should not be told after it was forgotten', () => {
    const view = viewOf([record('a', left('EXPIRED', 'lease_expired'))]);
    expect(explain(view).withheldCount).toBe(1);
    view.forget(T0 + 60_001);
    expect(explain(view).withheldCount).toBe(0);
  });
});

describe('the list of them', () => {
  const nodes = [
    record('d', { health: 'UNHEALTHY' }),
    record('c', { health: 'UNHEALTHY', version: null }),
    record('b', { health: 'DEGRADED' }),
    record('a', { health: 'DEGRADED' }),
    record('healthy'),
    record('other', { capabilities: ['x'], health: 'UNHEALTHY' }),
  ];
  const explanation = explain(nodes, { versionRange: '1' });

  it('should have those that lack least first, then by reason, then by id, and as many as wanted', () => {
    const ids = (first: number) =>
      explanation
        .withheld(first)
        .map(({ node }) => node.nodeId)
        .join('');
    expect(ids(100)).toBe('dabc');
    expect(ids(2)).toBe('da');
  });

  it('should be counted whole, and by reason', () => {
    expect(explanation.withheldCount).toBe(4);
    expect(explanation.counts()).toEqual([
      { reason: 'UNHEALTHY', nodes: 2 },
      { reason: 'DEGRADED', nodes: 2 },
    ]);
    expect(explanation.handedOut).toBe(1);
  });
});

describe('how it was understood', () => {
  it('should say what each name was taken for, and how many have it', () => {
    const nodes = [
      record('a', { serviceName: 'cache-service', name: 'cache', capabilities: ['read'] }),
      record('b', left('REMOVED', 'shutdown'), { capabilities: ['Read'] }),
    ];
    const { names } = explain(nodes, { capability: ' Cache', allOf: ['READ', 'read', 'cache', 'EFFECT', 'none'] });
    expect(names).toEqual([
      { asked: ' Cache', canonical: 'cache', kinds: ['SERVICE_NAME', 'NODE_NAME'], registered: 1 },
      { asked: 'read', canonical: 'read', kinds: ['CAPABILITY'], registered: 1 },
      { asked: 'EFFECT', canonical: 'effect', kinds: ['NODE_TYPE'], registered: 1 },
      { asked: 'none', canonical: 'none', kinds: [], registered: 0 },
    ]);
  });

  it('should repeat types as they were asked for, and the range as it is matched', () => {
    expect(explain([], { types: ['Runtime_Host'], versionRange: '^1.4' })).toMatchObject({
      types: ['Runtime_Host'],
      versionRange: '>=1.4.0-0 <2.0.0-0',
    });
    expect(explain([])).toMatchObject({ types: null, versionRange: null });
  });

  it('should refuse a range that is none', () => {
    expect(() => explain([], { versionRange: 'newest' })).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});

describe('the summary', () => {
  const adapter = { serviceName: 'database-adapter' };

  it.each<[readonly NodeRecord[], Partial<DiscoveryQuery>, string]>([
    [[record('a')], {}, '1 node is handed out for "database.query", found by capability.'],
    [
      [record('a', adapter), record('b', adapter), record('c', { ...adapter, health: 'UNHEALTHY' })],
      { capability: 'database-adapter' },
      '2 nodes are handed out for "database-adapter", found by service name; 1 node is not: 1 UNHEALTHY.',
    ],
    [
      [record('a', { health: 'UNHEALTHY' }), record('b', left('EXPIRED', 'lease_expired'))],
      {},
      'No node is handed out for "database.query"; 2 nodes are withheld that have it or had it, in part or whole: 1 EXPIRED, 1 UNHEALTHY.',
    ],
    [
      [record('a', adapter)],
      { capability: 'databse-adapter' },
      'No node is or was known with "databse-adapter" as a capability, service name, node name or type. Did you mean "database-adapter"?',
    ],
    [
      [record('a')],
      { allOf: ['database.qery'], types: ['efect'] },
      'No node is handed out for "database.query" and "database.qery"; 1 node is withheld that has it or had it, in part or whole: 1 WRONG_TYPE. No REGISTERED node answers to "database.qery". No REGISTERED node is of type "efect". Did you mean "database.query" or "effect"?',
    ],
    [
      [],
      { capability: 'x' },
      'No node is or was known with "x" as a capability, service name, node name or type. See whether the node announced itself: rejectedEvents has what was refused, and capabilities what there is.',
    ],
    [
      [record('a', left('REMOVED', 'shutdown'))],
      {},
      'No node is handed out for "database.query"; 1 node is withheld that has it or had it, in part or whole: 1 REMOVED. No REGISTERED node answers to "database.query". See what stands against each in withheld.',
    ],
  ])('should for %# be a few sentences', (nodes, query, summary) => {
    expect(explain(nodes, query).summary()).toBe(summary);
  });

  it('should stay short whatever is asked', () => {
    const query = { capability: 'x'.repeat(2000), allOf: Array.from({ length: 20 }, (_, i) => `${i}${'y'.repeat(1000)}`) };
    expect(explain([], query).summary().length).toBeLessThan(1500);
  });
});
