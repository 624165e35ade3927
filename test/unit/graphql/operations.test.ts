import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { sampleNode, T0 } from './memory-registry.ts';
import { operations } from './operations.ts';

let { registry, run, codeOf } = operations();

beforeEach(() => {
  ({ registry, run, codeOf } = operations());
});

describe('nodeById', () => {
  it('should show all of a node', async () => {
    registry.put(sampleNode('n-1', { acknowledgedAt: T0 + 5, liveness: { ...sampleNode('n-1').liveness, lastHeartbeatAt: T0 + 1000 } }));
    const { data, errors } = await run(`{ nodeById(nodeId: "n-1") {
      nodeId instance name type role version state stateReason health serviceName consulServiceId address port capabilities
      capabilityDetails endpoints { name url } health_url: endpoint(name: "health") none: endpoint(name: "nope") metadata currentState
      environment networkId deploymentId epoch contentHash registeredAt updatedAt acknowledgedAt lastSeenAt lastHeartbeatAt leaseExpiresAt
      checkStatus checkOutput reportedHealth activeOperations cpuPercent memoryMb memoryPercent uptimeSeconds cursor
    } }`);
    expect(errors).toEqual([]);
    expect(data.nodeById).toEqual({
      nodeId: 'n-1',
      instance: null,
      name: 'name of n-1',
      type: 'effect',
      role: null,
      version: '1.4.2',
      state: 'REGISTERED',
      stateReason: 'startup',
      health: 'HEALTHY',
      serviceName: 'effect-service',
      consulServiceId: 'effect-n-1',
      address: '10.0.3.17',
      port: 8080,
      capabilities: ['database.query', 'database.write'],
      capabilityDetails: { supported_operations: ['database.query', 'database.write'], batch_size: 100 },
      endpoints: [
        { name: 'api', url: 'http://10.0.3.17:8080' },
        { name: 'health', url: 'http://10.0.3.17:8080/health' },
      ],
      health_url: 'http://10.0.3.17:8080/health',
      none: null,
      metadata: { region: 'eu-1' },
      currentState: 'ready',
      environment: 'dev',
      networkId: null,
      deploymentId: 'blue',
      epoch: 2 ** 40,
      contentHash: 'a'.repeat(64),
      registeredAt: '2026-11-24T13:29:00.000Z',
      updatedAt: '2026-11-24T13:29:00.000Z',
      acknowledgedAt: '2026-11-24T13:29:00.005Z',
      lastSeenAt: '2026-11-24T13:29:01.000Z',
      lastHeartbeatAt: '2026-11-24T13:29:01.000Z',
      leaseExpiresAt: '2026-11-25T13:29:01.000Z',
      checkStatus: 'PASSING',
      checkOutput: 'HTTP GET: 200 OK',
      reportedHealth: 'healthy',
      activeOperations: 3,
      cpuPercent: 12.5,
      memoryMb: 256.5,
      memoryPercent: 62.5,
      uptimeSeconds: 86_400,
      cursor: '0000000000000001',
    });
  });

  it('should be null for a node that was never known', async () => {
    expect(await run('{ nodeById(nodeId: "never") { nodeId } }')).toEqual({ data: { nodeById: null }, errors: [] });
  });

  it('should show a removed node without a lease', async () => {
    registry.put(sampleNode('n-1', { state: 'REMOVED', checkStatus: 'none' }), 'REMOVED', 'shutdown');
    const { data } = await run('{ nodeById(nodeId: "n-1") { state leaseExpiresAt checkStatus } }');
    expect(data.nodeById).toEqual({ state: 'REMOVED', leaseExpiresAt: null, checkStatus: 'NONE' });
  });
});

describe('nodes', () => {
  beforeEach(() => {
    for (const id of ['c', 'a', 'b']) registry.put(sampleNode(id, { type: id === 'c' ? 'compute' : 'effect' }));
  });

  it('should list in id order, page by page, with the position of the log', async () => {
    const { data } = await run(
      '{ nodes(first: 2) { totalCount cursor pageInfo { hasNextPage endCursor } edges { cursor node { nodeId } } } }',
    );
    expect(data.nodes.edges.map((edge: { node: unknown }) => edge.node)).toEqual([{ nodeId: 'a' }, { nodeId: 'b' }]);
    expect(data.nodes).toMatchObject({ totalCount: 3, cursor: '0000000000000003', pageInfo: { hasNextPage: true } });
    expect(data.nodes.pageInfo.endCursor).toBe(data.nodes.edges[1].cursor);
    const next = await run('query ($after: String) { nodes(after: $after) { edges { node { nodeId } } } }', {
      after: data.nodes.pageInfo.endCursor,
    });
    expect(next.data.nodes.edges).toEqual([{ node: { nodeId: 'c' } }]);
  });

  it('should hand the filter on', async () => {
    const { data } = await run(
      '{ nodes(filter: {types: ["compute"], states: [REGISTERED], health: [HEALTHY], search: "c"}) { totalCount } }',
    );
    expect(data.nodes.totalCount).toBe(1);
  });

  it('should read the changes of all nodes of a page at once', async () => {
    const { data } = await run('{ nodes { edges { node { nodeId changes(first: 1) { type nodeId } } } } }');
    expect(registry.batches).toEqual([{ ids: ['a', 'b', 'c'], first: 1 }]);
    expect(data.nodes.edges[2].node.changes).toEqual([{ type: 'ADDED', nodeId: 'c' }]);
  });

  it('should keep the nodes when their changes cannot be read', async () => {
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const { data, errors } = await run('{ nodes(first: 1) { edges { node { nodeId changes { type } } } } }');
    expect(data.nodes.edges).toEqual([{ node: { nodeId: 'a', changes: null } }]);
    expect(errors.map((error) => [error.path?.join('.'), error.extensions['code']])).toEqual([
      ['nodes.edges.0.node.changes', 'BACKEND_UNAVAILABLE'],
    ]);
  });

  it.each([
    ['{ nodes(first: 1, last: 1) { totalCount } }', 'BAD_USER_INPUT'],
    ['{ nodes(first: 501) { totalCount } }', 'LIMIT_EXCEEDED'],
    ['{ nodes(after: "!") { totalCount } }', 'CURSOR_INVALID'],
    ['{ nodes(first: 1) { edges { node { changes(first: 0) { type } } } } }', 'BAD_USER_INPUT'],
    ['{ nodes(first: 1) { edges { node { changes(first: 101) { type } } } } }', 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (query, code) => {
    expect(await codeOf(query)).toBe(code);
  });

  it.each(['types', 'capabilities', 'anyCapability'])('should bound the list %s of the filter and its texts', async (name) => {
    const query = 'query ($filter: NodeFilter) { nodes(filter: $filter) { totalCount } }';
    expect(await codeOf(query, { filter: { [name]: Array(101).fill('x') } })).toBe('LIMIT_EXCEEDED');
    expect(await codeOf(query, { filter: { [name]: ['x'.repeat(2001)] } })).toBe('LIMIT_EXCEEDED');
  });

  it.each(['serviceName', 'environment', 'search'])('should bound the text %s of the filter', async (name) => {
    const query = 'query ($filter: NodeFilter) { nodes(filter: $filter) { totalCount } }';
    expect(await codeOf(query, { filter: { [name]: 'x'.repeat(2001) } })).toBe('LIMIT_EXCEEDED');
  });
});

describe('healthyServices', () => {
  it('should answer with what a caller needs', async () => {
    registry.put(sampleNode('n-1', { endpoints: [{ name: 'api', url: 'http://10.0.3.17:8080' }] }));
    registry.put(sampleNode('n-2', { health: 'UNHEALTHY' }));
    const { data } = await run(
      '{ healthyServices(capability: "database.query") { nodeId serviceName address port version url metrics: url(endpoint: "metrics") again: url(endpoint: null) node { health } } }',
    );
    expect(data.healthyServices).toEqual([
      {
        nodeId: 'n-1',
        serviceName: 'effect-service',
        address: '10.0.3.17',
        port: 8080,
        version: '1.4.2',
        url: 'http://10.0.3.17:8080',
        metrics: null,
        again: 'http://10.0.3.17:8080',
        node: { health: 'HEALTHY' },
      },
    ]);
  });

  it('should hand on types, range, strategy and limit, and choose at random by default', async () => {
    await run('{ healthyServices(capability: "x", types: ["effect"], versionRange: "^1", strategy: FRESHEST, limit: 2) { nodeId } }');
    await run('{ healthyServices(capability: "x", strategy: null) { nodeId } }');
    expect(registry.queries).toEqual([
      { capability: 'x', types: ['effect'], versionRange: '^1', allOf: undefined, strategy: 'FRESHEST', limit: 2 },
      { capability: 'x', types: undefined, versionRange: undefined, allOf: undefined, strategy: 'RANDOM', limit: 500 },
    ]);
  });

  it('should be empty when nothing has the capability', async () => {
    expect((await run('{ healthyServices(capability: "nope") { nodeId } }')).data).toEqual({ healthyServices: [] });
  });

  it.each([
    ['capability: " "', 'BAD_USER_INPUT'],
    [`capability: "${'x'.repeat(2001)}"`, 'LIMIT_EXCEEDED'],
    ['capability: "x", limit: 0', 'BAD_USER_INPUT'],
    ['capability: "x", limit: 501', 'LIMIT_EXCEEDED'],
    ['capability: "x", versionRange: "nonsense"', 'BAD_USER_INPUT'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(`{ healthyServices(${args}) { nodeId } }`)).toBe(code);
  });
});

describe('capabilities', () => {
  it('should count nodes and healthy ones', async () => {
    registry.put(sampleNode('n-1', { capabilities: ['x', 'y'] }));
    registry.put(sampleNode('n-2', { capabilities: ['x'], health: 'DEGRADED' }));
    expect((await run('{ capabilities { name nodes healthy } }')).data.capabilities).toEqual([
      { name: 'x', nodes: 2, healthy: 1 },
      { name: 'y', nodes: 1, healthy: 1 },
    ]);
  });
});

describe('registryStatus', () => {
  const query = '{ registryStatus { stale source asOf cursor nodes backends { name available circuit since } } }';

  it('should say where the answers come from, how old they may be, and how the back ends stand', async () => {
    registry.put(sampleNode('n-1'));
    registry.fresh = { stale: true, source: 'SNAPSHOT', asOf: T0 - 60_000 };
    const { data, errors } = await run(query);
    expect(errors).toEqual([]);
    const since = '2026-11-24T13:29:00.000Z';
    expect(data.registryStatus).toEqual({
      stale: true,
      source: 'SNAPSHOT',
      asOf: '2026-11-24T13:28:00.000Z',
      cursor: '0000000000000001',
      nodes: 1,
      backends: [
        { name: 'KAFKA', available: true, circuit: 'CLOSED', since },
        { name: 'CONSUL', available: false, circuit: 'HALF_OPEN', since },
        { name: 'POSTGRES', available: true, circuit: 'CLOSED', since },
      ],
    });
  });

  it('should say how the gateway stands, and count nodes by kind', async () => {
    registry.put(sampleNode('n-1'));
    registry.put(sampleNode('n-2'));
    registry.put(sampleNode('n-3', { state: 'EXPIRED', health: 'UNHEALTHY' }));
    registry.put(sampleNode('n-4', { type: 'compute' }));
    const { data, errors } = await run(
      `{ registryStatus { gatewayId environment version startedAt degraded leader subscribers consumerLag consumerPausedFor expiriesHeldBack
          ejected nodeCounts { type state health nodes } backends { lastError } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.registryStatus).toEqual({
      gatewayId: 'gateway-1',
      environment: 'test',
      version: '1.2.3',
      startedAt: '2026-11-24T12:29:00.000Z',
      degraded: true,
      leader: true,
      subscribers: 2,
      consumerLag: null,
      consumerPausedFor: ['CONSUL'],
      expiriesHeldBack: 4,
      ejected: 1,
      nodeCounts: [
        { type: 'compute', state: 'REGISTERED', health: 'HEALTHY', nodes: 1 },
        { type: 'effect', state: 'EXPIRED', health: 'UNHEALTHY', nodes: 1 },
        { type: 'effect', state: 'REGISTERED', health: 'HEALTHY', nodes: 2 },
      ],
      backends: [{ lastError: null }, { lastError: null }, { lastError: null }],
    });
  });

  it('should fail as everything else before the first load', async () => {
    registry.fresh = null;
    expect(await codeOf(query)).toBe('BACKEND_UNAVAILABLE');
  });
});

describe('changes', () => {
  beforeEach(() => {
    registry.put(sampleNode('n-1'));
    registry.put(sampleNode('n-1', { version: '2.0.0' }), 'MODIFIED', 'capability_change', { operator: 'alice' });
    registry.put(sampleNode('n-2'));
  });

  it('should read the log from its start, with the node as it was', async () => {
    const { data } = await run(
      '{ changes { cursor type nodeId reason changedFields correlationId operator occurredAt node { version changes(first: 1) { type } } } }',
    );
    expect(data.changes).toHaveLength(3);
    expect(data.changes[0].node).toEqual({ version: '1.4.2', changes: [{ type: 'MODIFIED' }] });
    expect(data.changes[1]).toEqual({
      cursor: '0000000000000002',
      type: 'MODIFIED',
      nodeId: 'n-1',
      reason: 'capability_change',
      changedFields: ['capabilities', 'version'],
      correlationId: 'c-1',
      operator: 'alice',
      occurredAt: '2026-11-24T13:29:00.000Z',
      node: { version: '2.0.0', changes: [{ type: 'MODIFIED' }] },
    });
    expect(registry.batches).toEqual([{ ids: ['n-1', 'n-2'], first: 1 }]);
  });

  it('should read on after a cursor, as many as asked for, filtered', async () => {
    const query = 'query ($after: Cursor, $filter: ChangeFilter) { changes(after: $after, first: 1, filter: $filter) { cursor } }';
    expect((await run(query, { after: '0000000000000001' })).data.changes).toEqual([{ cursor: '0000000000000002' }]);
    expect(
      (await run(query, { after: null, filter: { nodeIds: ['n-2'], nodeTypes: ['effect'], changeTypes: ['ADDED'] } })).data.changes,
    ).toEqual([{ cursor: '0000000000000003' }]);
  });

  it('should fail alone', async () => {
    registry.floor = 2;
    const { data, errors } = await run('{ capabilities { name } changes(after: "1") { cursor } }');
    expect(data.capabilities).toHaveLength(2);
    expect(data.changes).toBeNull();
    expect(errors[0]?.extensions).toEqual({ code: 'CURSOR_EXPIRED', floor: 2 });
  });

  it.each([
    ['after: "99"', 'CURSOR_INVALID'],
    ['first: 0', 'BAD_USER_INPUT'],
    ['first: 1001', 'LIMIT_EXCEEDED'],
    [`filter: {nodeIds: [${'"x",'.repeat(501)}]}`, 'LIMIT_EXCEEDED'],
    [`filter: {nodeTypes: [${'"x",'.repeat(101)}]}`, 'LIMIT_EXCEEDED'],
    [`filter: {anyCapability: [${'"x",'.repeat(101)}]}`, 'LIMIT_EXCEEDED'],
    [`filter: {changeTypes: [${'ADDED,'.repeat(101)}]}`, 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(`{ changes(${args}) { cursor } }`)).toBe(code);
  });

  it('should refuse a variable that is no cursor', async () => {
    expect(await codeOf('query ($after: Cursor) { changes(after: $after) { cursor } }', { after: 'garbage' })).toBe('CURSOR_INVALID');
  });
});

describe('rejectedEvents', () => {
  it('should say why, newest first', async () => {
    const rejected = {
      topic: 't',
      partition: 0,
      offset: '1742',
      reason: 'payload.node_id is missing',
      errorType: 'INVALID_NODE_ID',
      excerpt: '{}',
      correlationId: null,
    };
    registry.rejected.push({ ...rejected, rejectedAt: T0 }, { ...rejected, offset: '1741', rejectedAt: T0 });
    const { data } = await run('{ rejectedEvents(first: 1) { topic partition offset reason errorType excerpt correlationId rejectedAt } }');
    expect(data.rejectedEvents).toEqual([{ ...rejected, rejectedAt: '2026-11-24T13:29:00.000Z' }]);
  });

  it('should fail alone when Postgres does not answer', async () => {
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const { data, errors } = await run('{ rejectedEvents { reason } capabilities { name } }');
    expect(data).toEqual({ rejectedEvents: null, capabilities: [] });
    expect(errors[0]?.extensions['code']).toBe('BACKEND_UNAVAILABLE');
  });

  it.each([
    ['first: 0', 'BAD_USER_INPUT'],
    ['first: 501', 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (args, code) => {
    expect(await codeOf(`{ rejectedEvents(${args}) { reason } }`)).toBe(code);
  });
});
