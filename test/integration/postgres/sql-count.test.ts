import { execute, parse, validate } from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BackEnds, connectBackEnds } from '../../../src/back-ends.ts';
import { readConfig } from '../../../src/config.ts';
import { standingOf } from '../../../src/gateway-standing.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { createInstanceProbing } from '../../../src/instance-probing.ts';
import { migrate } from '../../../src/postgres/migrate.ts';
import { Alignment } from '../../../src/registry/alignment.ts';
import { ChangeFeed } from '../../../src/registry/change-feed.ts';
import { Deregistration } from '../../../src/registry/deregistration.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import { Introspection } from '../../../src/registry/introspection.ts';
import { LiveRegistry } from '../../../src/registry/live-registry.ts';
import { Subscriptions } from '../../../src/registry/subscriptions.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { HEALTHY } from '../../unit/http/running-server.ts';
import { nodeId } from '../../unit/registry/fakes/messages.ts';
import { silentLog } from '../../unit/registry/fakes/recorded-log.ts';
import { freshDatabase, gatewayEnvironment } from '../stack.ts';
import { NO_WRITES } from './migrated-registry.ts';
import { newChange, nodeRecord } from './node-record.ts';

const schema = buildSchema();
const NODES = 100;
/** Every node has so many changes, so that each has past states with changes of their own. */
const CHANGES = 3;

/** A gateway's registry on a real Postgres, and nothing that runs beside it: every statement is that of the operation. */
describe('the statements of one operation', () => {
  let backEnds: BackEnds;
  let registry: LiveRegistry;

  beforeAll(async () => {
    const config = readConfig(gatewayEnvironment(await freshDatabase()));
    await migrate(config.postgres);
    backEnds = connectBackEnds(
      config,
      () => 'registry',
      () => undefined,
      silentLog(),
    );
    const { store, changeLog, catalog } = backEnds;
    const nodes = Array.from({ length: NODES }, (_, index) =>
      nodeRecord(nodeId(`n${String(index).padStart(3, '0')}`), { serviceName: 'database-adapter', capabilities: ['query'] }),
    );
    for (let round = 1; round <= CHANGES; round += 1) {
      const version = `${round}.0.0`;
      const changed = nodes.map((node) => ({ ...node, version }));
      await store.transact(
        nodes.map((node) => node.nodeId),
        [],
        async () => ({
          ...NO_WRITES,
          nodes: changed,
          changes: changed.map((node) => newChange(node, { type: round === 1 ? 'ADDED' : 'MODIFIED' })),
        }),
      );
    }
    await store.recordRejections(
      ['database-adapter', 'other'].map((name, offset) => ({
        position: { topic: 't', partition: 0, offset: String(offset) },
        rejection: {
          kind: 'rejection',
          reason: 'endpoints.api is no URL.',
          errorType: 'INVALID_ENDPOINT',
          correlationId: null,
          nodeId: null,
        },
        excerpt: `{"service_name": "${name}"}`,
        rejectedAt: 1000 + offset,
      })),
      { processed: [], completed: [] },
    );

    const view = new RegistryView();
    const log = silentLog();
    const now = Date.now;
    const feed = new ChangeFeed({ log: changeLog, store, view, now }, (error) => {
      throw error;
    });
    await feed.load();
    const instances = createInstanceProbing(config.probing, { backEnds, view, log });
    const discovery = new Discovery(view, Math.random, instances.demand);
    const common = { view, store, catalog, now, newId: () => 'id', log };
    const alignment = new Alignment(common);
    registry = new LiveRegistry({
      ...instances,
      view,
      feed,
      discovery,
      subscriptions: new Subscriptions({ feed, log: changeLog, view, discovery, now, bookmarkInterval: 15_000 }),
      introspection: new Introspection({ ...common, messenger: backEnds.messenger }),
      deregistration: new Deregistration({ ...common, alignment, onCommitted: () => undefined }),
      store,
      catalog,
      log: changeLog,
      now,
      leaseSeconds: 86_400,
      standing: () => standingOf(HEALTHY, { gatewayId: 'gateway-1', version: '1.2.3' }),
    });
  });

  afterAll(async () => {
    await backEnds?.disconnect();
    backEnds?.close();
  });

  /** The statements that the driver sends for one operation, and its answer. */
  async function statementsOf(query: string): Promise<{ readonly statements: number; readonly answer: string }> {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const sent = vi.spyOn(pg.Client.prototype, 'query');
    try {
      const asker = { key: 'test', name: null, scopes: new Set(['registry:read'] as const), expiresAt: null, authenticated: false };
      const result = await execute({ schema, document, contextValue: createContext(registry, asker, undefined) });
      expect(result.errors).toBeUndefined();
      // What a new connection of the pool says first is none of the operation's.
      const statements = sent.mock.calls.filter(([said]) => !String(said).startsWith('set '));
      return { statements: statements.length, answer: JSON.stringify(result.data) };
    } finally {
      sent.mockRestore();
    }
  }

  it('should be none for what memory holds', async () => {
    const { statements, answer } = await statementsOf(`{
      nodes(first: 100) { totalCount edges { node { id nodeId endpoints { name url } leaseExpiresAt } } }
      healthyServices(capability: "database_adapter") { url node { health } }
      explainDiscovery(capability: "databse-adapter") { summary withheld { explanation } suggestions { name } }
      capabilities { name nodes }
      node(id: "n001") { nodeId }
      nodeById(nodeId: "n002") { nodeId }
      registryStatus { cursor }
    }`);
    expect(statements).toBe(0);
    expect(JSON.parse(answer)).toMatchObject({ nodes: { totalCount: NODES }, node: { nodeId: 'n001' }, capabilities: [{ nodes: NODES }] });
  });

  it('should be one for each level of changes, however many nodes there are on it', async () => {
    const level = (inner: string) => `changes(first: ${CHANGES}) { type node { version ${inner} } }`;
    for (const depth of [1, 2, 3]) {
      let selection = 'nodeId';
      for (let i = 0; i < depth; i += 1) selection = level(selection);
      for (const first of [1, NODES]) {
        const { statements, answer } = await statementsOf(`{ nodes(first: ${first}) { edges { node { ${selection} } } } }`);
        expect(statements, `${depth} levels over ${first} nodes`).toBe(depth);
        expect(answer.match(/"nodeId"/g)).toHaveLength(first * CHANGES ** depth);
      }
    }
  });

  it('should be one for each length of the same level', async () => {
    const query =
      '{ nodes(first: 100) { edges { node { a: changes(first: 1) { type } b: changes(first: 2) { type } c: changes(first: 2) { reason } } } } }';
    expect((await statementsOf(query)).statements).toBe(2);
  });

  it('should be one for all past states that are looked up by their id', async () => {
    const id = (index: number) =>
      Buffer.from(`Node@${String(index).padStart(16, '0')}:n${String(index - 1).padStart(3, '0')}`).toString('base64url');
    const aliases = Array.from({ length: 20 }, (_, index) => `a${index}: node(id: "${id(index + 1)}") { nodeId version }`);
    const { statements, answer } = await statementsOf(`{ ${aliases.join(' ')} }`);
    expect(statements).toBe(1);
    expect(answer.match(/"version":"1.0.0"/g)).toHaveLength(20);
  });

  it('should be one for all explanations that look for what was refused', async () => {
    const ask = (alias: string, name: string) => `${alias}: explainDiscovery(capability: "${name}") { rejectedEvents { excerpt } }`;
    const { statements, answer } = await statementsOf(
      `{ ${ask('a', 'Database_Adapter')} ${ask('b', 'other')} ${ask('c', 'none')} rejectedEvents(first: 1) { offset } }`,
    );
    expect(statements).toBe(1);
    expect(JSON.parse(answer)).toEqual({
      a: { rejectedEvents: [{ excerpt: '{"service_name": "database-adapter"}' }] },
      b: { rejectedEvents: [{ excerpt: '{"service_name": "other"}' }] },
      c: { rejectedEvents: [] },
      rejectedEvents: [{ offset: '1' }],
    });
  });
});
