import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/events/json.ts';
import type { NodeRecord } from '../../../src/registry/node-record.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { addition, type MigratedRegistry, migratedRegistry, type StoreOfOne } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

/** JSON that has gone wrong somewhere before: emoji, quotes and backslashes, numbers at the edge, keys of every kind. */
const EDGES: readonly (readonly [string, Json])[] = [
  ['emoji and combining marks', { '👩‍🚀': 'e\u0301 \u{1f468}\u200d\u{1f469}' }],
  ['quotes and backslashes', { a: '"\\"\\\\n\' $1 {{}} ?' }],
  ['line ends and other controls', { a: 'a\r\n\t\u0001\u001f\u007f\u2028\u2029' }],
  ['an empty key', { '': '' }],
  ['names that objects have', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ['numbers at the edge', [0, -1, 1.5, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]],
  ['null', null],
  ['false', false],
  ['a bare text', 'null'],
  ['an empty array', []],
  ['a long text', 'ü'.repeat(100_000)],
  ['keys in an order of their own', { b: 1, a: { d: null, c: [null, {}] } }],
];

describe('what nodes announce, in Postgres and back', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
  });

  afterAll(() => registry.close());

  /** The node as stored and as logged. */
  async function there(node: NodeRecord): Promise<readonly (NodeRecord | undefined)[]> {
    const [change] = await one.store.transact([node.nodeId], [], async () => addition(node));
    if (change === undefined) throw new Error('nothing was logged');
    const [logged] = (await one.log.latestOf([node.nodeId], 1)).get(node.nodeId) ?? [];
    const stored = (await one.store.loadAll()).nodes.find(({ nodeId: id }) => id === node.nodeId);
    expect(stored?.cursor).toBe(change.cursor);
    return [stored, logged?.node];
  }

  for (const [index, [name, json]] of EDGES.entries()) {
    it(`should keep ${name}`, async () => {
      const node = nodeRecord(nodeId(`json-${index}`), { capabilityDetails: json, metadata: { json }, currentState: json });
      for (const seen of await there(node)) {
        expect(seen).toMatchObject({ capabilityDetails: json, metadata: { json }, currentState: json });
      }
    });
  }

  it('should keep texts as long as the columns take, counted in characters and not in bytes', async () => {
    const long = '😀'.repeat(255);
    const node = nodeRecord(nodeId('ü'.repeat(255)), {
      type: 'ß'.repeat(100),
      name: long,
      role: long,
      version: long,
      instance: long,
      announcedServiceName: long,
      serviceName: long,
      environment: long,
      networkId: long,
      deploymentId: long,
      address: long,
      stateReason: 'r'.repeat(5000),
      consulServiceId: 's'.repeat(5000),
      checkOutput: 'o'.repeat(5000),
    });
    for (const seen of await there(node)) expect(seen).toEqual({ ...node, cursor: seen?.cursor });
  });

  it('should index capability names of the greatest length that is let through, and find nodes by them', async () => {
    const names = [0, 1, 2].map((index) => String.fromCodePoint(0x4e00 + index).repeat(2000));
    const node = nodeRecord(nodeId('long-names-1'), { capabilities: names });
    for (const seen of await there(node)) expect(seen?.capabilities).toEqual(names);
    const rows = await registry.sql('select node_id from node_registrations where capability_names @> $1', [[names[1]]]);
    expect(rows).toEqual([{ node_id: node.nodeId }]);
  });

  it('should keep names of capabilities that look like parts of a text array', async () => {
    const capabilities = ['', 'NULL', '"', '\\', ',', '{', '{}', '}', 'a b', 'null'];
    for (const seen of await there(nodeRecord(nodeId('array-1'), { capabilities }))) expect(seen?.capabilities).toEqual(capabilities);
  });

  it('should keep every other field, at its edges too', async () => {
    const node = nodeRecord(nodeId('whole-1'), {
      port: 65_535,
      endpoints: [
        { name: 'api', url: 'grpc://[::1]:1/' },
        { name: 'health', url: 'http://127.0.0.1:8080/health?a=b&c=%20' },
      ],
      state: 'EXPIRED',
      health: 'DEGRADED',
      checkStatus: 'warning',
      accepted: {
        epoch: Number.MAX_SAFE_INTEGER,
        time: 9_007_199_254_740_991,
        payloadTime: -1,
        rawTime: 253_402_300_799_999_000,
        aheadTime: 2 ** 57,
        receivedAt: NOON + 1,
      },
      leaseSeconds: 0.5,
      liveness: {
        lastSeenAt: NOON + 2,
        lastHeartbeatAt: NOON + 3,
        reportedHealth: 'recovering',
        activeOperations: 7,
        cpuPercent: 99.9,
        memoryMb: 1e6,
        memoryPercent: 99.5,
        uptimeSeconds: 1e9,
      },
      registeredAt: NOON + 4,
      updatedAt: NOON + 999,
    });
    for (const seen of await there(node)) expect(seen).toEqual({ ...node, cursor: seen?.cursor });
  });

  it('should replace every column when a node announces itself anew', async () => {
    const id = nodeId('replaced-1');
    await there(
      nodeRecord(id, {
        name: 'old',
        role: 'old',
        capabilities: ['old'],
        capabilityDetails: { old: true },
        metadata: { old: true },
        port: 1,
      }),
    );
    const next = nodeRecord(id, {
      type: 'reducer',
      capabilities: [],
      capabilityDetails: null,
      liveness: { ...nodeRecord(id).liveness, lastSeenAt: NOON + 1 },
    });
    for (const seen of await there(next)) expect(seen).toEqual({ ...next, cursor: seen?.cursor });
  });
});
