import { execute } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { type Asker, SCOPES } from '../../../src/graphql/asker.ts';
import { CompiledQueries } from '../../../src/graphql/compiled-queries.ts';
import { createContext } from '../../../src/graphql/context.ts';
import type { Variables } from '../../../src/graphql/cost.ts';
import { Documents } from '../../../src/graphql/documents.ts';
import { Pieces } from '../../../src/graphql/pieces.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Discovery } from '../../../src/registry/discovery.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { MemoryRegistry, sampleNode } from './memory-registry.ts';

const schema = buildSchema();
const documents = new Documents(schema, defaultLimits());
const asker: Asker = { key: 'address:127.0.0.1', authenticated: false, name: null, scopes: SCOPES.write, expiresAt: null };
const C = '$c: String = "database.query"';

describe('a query for a list of records', () => {
  let registry: MemoryRegistry;
  let compiled: CompiledQueries;
  const context = () => createContext(registry, asker, undefined);

  beforeEach(() => {
    registry = new MemoryRegistry();
    compiled = new CompiledQueries({ schema, mayCompile: () => true });
    for (const id of ['reader-1', 'läser-2', 'writer-3']) registry.put(sampleNode(id), 'ADDED');
    registry.put(sampleNode('bare-4', { name: null, version: null, address: null, port: null, endpoints: [] }), 'ADDED');
  });

  function runOf(text: string) {
    const read = documents.read(text);
    expect(read.errors).toEqual([]);
    for (let asked = 1; asked < 3; asked += 1) compiled.of(read, null);
    const run = compiled.of(read, null);
    if (run === undefined) throw new Error('not compiled');
    return (variables: Variables) => run(context(), variables);
  }

  async function executed(text: string, variableValues: Variables): Promise<string | null> {
    const { document } = documents.read(text);
    const answer = await execute({ schema, document, variableValues, contextValue: context() });
    return answer.errors === undefined ? JSON.stringify(answer) : null;
  }

  it.each([
    ['fields', `query (${C}) { healthyServices(capability: $c) { nodeId serviceName address port url version } }`],
    ['aliases', `query (${C}) { found: healthyServices(capability: $c, limit: 2) { id: nodeId url(endpoint: "health") __typename } }`],
    [
      'fragments',
      `query (${C}) { healthyServices(capability: $c) { ...f ... { version } } } fragment f on HealthyService { nodeId node { health } }`,
    ],
    ['all of the record', `query (${C}) { healthyServices(capability: $c) { node { capabilities metadata endpoints { name url } } } }`],
    ['a variable', 'query ($e: String) { healthyServices(capability: "database.query") { nodeId url(endpoint: $e) } }'],
    [
      'the rest of the registry',
      `query (${C}) { healthyServices(capability: $c) { nodeId node { id ejection { error } leaseExpiresAt } } }`,
    ],
    ['several lists', `query (${C}) { a: healthyServices(capability: $c) { nodeId } b: healthyServices(capability: $c) { url } }`],
    [
      'an argument with a default',
      'query ($s: Strategy = FRESHEST) { healthyServices(capability: "database.query", strategy: $s) { nodeId } }',
    ],
  ])('should be answered as the executor does, with %s, whatever has changed', async (_what, text) => {
    const run = runOf(text);
    const same = async (variables: Variables = {}) => {
      const told = await executed(text, variables);
      expect(told).not.toBeNull();
      for (let asked = 0; asked < 2; asked += 1) expect(run(variables)).toBe(told);
    };
    await same();
    registry.put(sampleNode('reader-1', { version: '2.0.0', endpoints: [{ name: 'api', url: 'http://10.0.3.18' }] }), 'ADDED');
    await same();
    registry.put(sampleNode('läser-2', { health: 'UNHEALTHY' }), 'ADDED');
    await same({ e: 'health', s: 'RANDOM' });
    await same({ e: 'none', c: 'database.write' });
    registry.ejections.set('reader-1', { since: 1, error: 'refused', failures: 2, successesNeeded: 1, retryAt: null });
    await same();
    await same({ c: 'nobody has it' });
  });

  it.each([
    ['a variable is wrong', { c: 1 }],
    ['the resolver fails', { v: 'nonsense' }],
  ])('should be left to the executor where %s', async (_what, variables) => {
    const text = `query (${C}, $v: String) { healthyServices(capability: $c, versionRange: $v) { nodeId } }`;
    const run = runOf(text);
    expect(run({})).not.toBeNull();
    expect(run(variables)).toBeNull();
    expect(run({})).toBe(await executed(text, {}));
  });

  it('should give each instance its turn, though an answer fails, or needs more than the records', () => {
    const view = new RegistryView();
    view.load(registry.nodes({ capabilities: ['database.query'] }), toCursor(4));
    const discovery = new Discovery(view, Math.random);
    registry.healthyServices = (query) => discovery.healthyServices(query);
    registry.tentatively = (ask) => discovery.tentatively(ask);
    const turn = 'healthyServices(capability: "database.query", strategy: ROUND_ROBIN, limit: 1)';
    const [fine, more, broken] = [
      runOf(`{ ${turn} { nodeId } }`),
      runOf(`{ ${turn} { nodeId node { leaseExpiresAt } } }`),
      runOf(`{ ${turn} { nodeId } other: healthyServices(capability: "x", versionRange: "nonsense") { nodeId } }`),
    ];
    const first = (run: typeof fine) => /"nodeId":"([^"]+)"/.exec(run({}) ?? '')?.[1];
    expect(broken({})).toBeNull();
    expect([first(fine), first(more), broken({}), first(more), first(fine)]).toEqual(['bare-4', 'läser-2', null, 'reader-1', 'writer-3']);
  });

  it('should look at a record once', () => {
    const run = runOf('{ healthyServices(capability: "database.query") { nodeId } }');
    let looks = 0;
    const watched = new Proxy(sampleNode('watched-5'), {
      get: (node, property) => {
        if (property === 'nodeId') looks += 1;
        return Reflect.get(node, property);
      },
    });
    registry.healthyServices = () => [watched];
    expect(run({})).toBe('{"data":{"healthyServices":[{"nodeId":"watched-5"}]}}');
    expect(run({})).toBe('{"data":{"healthyServices":[{"nodeId":"watched-5"}]}}');
    expect(looks).toBe(1);
  });
});

describe('Pieces', () => {
  it('should be made anew when they have become too many', () => {
    const made: object[] = [];
    const [a, b] = [{}, {}];
    const pieces = new Pieces(10);
    const make = (record: object) => {
      made.push(record);
      return 'sixxxx';
    };
    const [one, other] = [pieces.of(make), pieces.of(make)];
    expect([one(a), one(a)]).toEqual(['sixxxx', 'sixxxx']);
    expect(made).toEqual([a]);
    // Twelve characters: all are dropped, those of the other query, too.
    other(b);
    one(a);
    expect(made).toEqual([a, b, a]);
  });

  it('should have none where there is no text, and ask again', () => {
    let text: string | null = null;
    const piece = new Pieces().of(() => text);
    const record = {};
    expect(piece(record)).toBeNull();
    text = 'now';
    expect(piece(record)).toBe('now');
  });
});
