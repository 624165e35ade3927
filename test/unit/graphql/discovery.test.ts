import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { sampleNode, T0 } from './memory-registry.ts';
import { operations } from './operations.ts';

let { registry, run, codeOf, firstOf } = operations();

beforeEach(() => {
  ({ registry, run, codeOf, firstOf } = operations());
});

describe('allOf', () => {
  it('should be handed on, by the query and by the subscription', async () => {
    await run('{ healthyServices(capability: "x", allOf: ["y", "z"]) { nodeId } }');
    expect(await firstOf('subscription { healthyServices(capability: "x", allOf: ["y"]) { nodeId } }')).toEqual({
      data: { healthyServices: [] },
    });
    expect(registry.queries).toMatchObject([
      { capability: 'x', allOf: ['y', 'z'] },
      { capability: 'x', allOf: ['y'] },
    ]);
  });

  it('should be bounded in the subscription too', async () => {
    await expect(firstOf('subscription { healthyServices(capability: "x", allOf: [""]) { nodeId } }')).rejects.toThrow(
      'allOf must not be empty',
    );
  });

  it.each(['healthyServices(capability: "x", ', 'explainDiscovery(capability: "x", '])('should be bounded, in %s…)', async (field) => {
    const ask = (args: string) => codeOf(`{ ${field}${args}) { __typename } }`);
    expect(await ask('allOf: ["x", " "]')).toBe('BAD_USER_INPUT');
    expect(await ask(`allOf: [${'"x",'.repeat(11)}]`)).toBe('LIMIT_EXCEEDED');
    expect(await ask(`allOf: ["${'x'.repeat(2001)}"]`)).toBe('LIMIT_EXCEEDED');
    expect(await ask(`versionRange: ">=1${' '.repeat(100)}"`)).toBe('LIMIT_EXCEEDED');
    expect(await ask(`types: [${'"x",'.repeat(101)}]`)).toBe('LIMIT_EXCEEDED');
  });
});

describe('explainDiscovery', () => {
  const rejected = {
    topic: 't',
    partition: 0,
    offset: '1742',
    errorType: 'INVALID_ENDPOINT',
    reason: 'endpoints.api has a space.',
    correlationId: null,
    rejectedAt: T0,
  };

  it('should say how it was understood, who is withheld and why, and what near names there are', async () => {
    registry.put(sampleNode('n-1', { serviceName: 'database-adapter' }));
    registry.put(sampleNode('n-2', { serviceName: 'database-adapter', health: 'UNHEALTHY', checkStatus: 'critical' }));
    registry.put(sampleNode('n-3', { serviceName: 'database-adapter', state: 'REMOVED', stateReason: 'shutdown' }));
    const { data, errors } =
      await run(`{ explainDiscovery(capability: "Database_Adapter-service", allOf: ["databse.query"], types: ["Effect"], versionRange: "^1.4") {
      summary types versionRange handedOut withheldCount withheldByReason { reason nodes }
      names { asked normalized matchedBy registered }
      withheld(first: 2) { node { nodeId } reason otherReasons since explanation }
      suggestions(first: 1) { asked name kinds nodes }
    } }`);
    expect(errors).toEqual([]);
    expect(data.explainDiscovery).toEqual({
      summary: expect.stringContaining('Did you mean "database.query"?'),
      types: ['Effect'],
      versionRange: '>=1.4.0-0 <2.0.0-0',
      handedOut: 0,
      withheldCount: 3,
      withheldByReason: [
        { reason: 'REMOVED', nodes: 1 },
        { reason: 'UNHEALTHY', nodes: 1 },
        { reason: 'LACKS_CAPABILITY', nodes: 1 },
      ],
      names: [
        { asked: 'Database_Adapter-service', normalized: 'databaseadapterservice', matchedBy: ['SERVICE_NAME'], registered: 2 },
        { asked: 'databse.query', normalized: 'databse.query', matchedBy: [], registered: 0 },
      ],
      withheld: [
        { node: { nodeId: 'n-1' }, reason: 'LACKS_CAPABILITY', otherReasons: [], since: null, explanation: expect.any(String) },
        {
          node: { nodeId: 'n-3' },
          reason: 'REMOVED',
          otherReasons: ['LACKS_CAPABILITY'],
          since: '2026-11-24T13:29:00.000Z',
          explanation: expect.stringContaining('It said goodbye'),
        },
      ],
      suggestions: [{ asked: 'databse.query', name: 'database.query', kinds: ['CAPABILITY'], nodes: 2 }],
    });
  });

  it('should show what was refused and mentions it, newest first', async () => {
    const other = { ...rejected, excerpt: '{"node_id": "x", "capabilities": ["other"]}' };
    registry.rejected.push(
      { ...rejected, offset: '3', excerpt: '{"node_id": "a", "service_name": "Database_Adapter"}' },
      { ...other, offset: '2' },
      { ...rejected, offset: '1', excerpt: null, reason: 'capabilities has "database-adapter" twice' },
    );
    const { data } = await run(
      '{ explainDiscovery(capability: "database-adapter") { one: rejectedEvents(first: 1) { offset } rejectedEvents { offset reason } } }',
    );
    expect(data.explainDiscovery).toEqual({
      one: [{ offset: '3' }],
      rejectedEvents: [
        { offset: '3', reason: rejected.reason },
        { offset: '1', reason: 'capabilities has "database-adapter" twice' },
      ],
    });
  });

  it('should answer from memory when Postgres does not, but for the rejected events', async () => {
    registry.failure = new GatewayError('BACKEND_UNAVAILABLE', 'Postgres does not answer');
    const { data, errors } = await run('{ explainDiscovery(capability: "x") { handedOut rejectedEvents { reason } } }');
    expect(data.explainDiscovery).toEqual({ handedOut: 0, rejectedEvents: null });
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(['BACKEND_UNAVAILABLE']);
  });

  it.each([
    ['(capability: " ") { handedOut }', 'BAD_USER_INPUT'],
    ['(capability: "x", versionRange: "newest") { handedOut }', 'BAD_USER_INPUT'],
    ['(capability: "x") { withheld(first: 0) { reason } }', 'BAD_USER_INPUT'],
    ['(capability: "x") { withheld(first: 101) { reason } }', 'LIMIT_EXCEEDED'],
    ['(capability: "x") { suggestions(first: 21) { name } }', 'LIMIT_EXCEEDED'],
    ['(capability: "x") { rejectedEvents(first: 21) { reason } }', 'LIMIT_EXCEEDED'],
  ])('should refuse %s', async (rest, code) => {
    expect(await codeOf(`{ explainDiscovery${rest} }`)).toBe(code);
  });
});
