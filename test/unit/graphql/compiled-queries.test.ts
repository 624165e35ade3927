import fc from 'fast-check';
import { execute } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { type Asker, SCOPES } from '../../../src/graphql/asker.ts';
import { CompiledQueries } from '../../../src/graphql/compiled-queries.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { Documents } from '../../../src/graphql/documents.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { MemoryRegistry, sampleNode } from './memory-registry.ts';
import { queries } from './random-query.ts';

const schema = buildSchema();
const asker: Asker = { key: 'address:127.0.0.1', authenticated: false, name: null, scopes: SCOPES.write, expiresAt: null };

describe('CompiledQueries', () => {
  const registry = new MemoryRegistry();
  const documents = new Documents(schema, defaultLimits());
  const context = () => createContext(registry, asker, undefined);

  beforeAll(() => {
    for (const id of ['reader-1', 'reader-2', 'writer-1']) registry.put(sampleNode(id), 'ADDED');
    registry.put(
      sampleNode('odd-1', { name: null, version: null, address: null, port: null, endpoints: [], health: 'UNHEALTHY' }),
      'ADDED',
    );
  });

  const compiler = (mayCompile = () => true) => new CompiledQueries({ schema, mayCompile });

  /** What it comes to once it was asked for often enough. */
  function compiledOf(text: string, operationName: string | null = null, compiled = compiler()) {
    const read = documents.read(text);
    expect(read.errors).toEqual([]);
    for (let asked = 1; asked < 3; asked += 1) expect(compiled.of(read, operationName)).toBeUndefined();
    return compiled.of(read, operationName);
  }

  it('should answer as the executor does, to whatever is asked', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(queries(schema), async ({ text, variables }) => {
        const run = compiledOf(text)?.(context(), variables);
        const expected = await execute({
          schema,
          document: documents.read(text).document,
          variableValues: variables,
          contextValue: context(),
        });
        // Where anything goes wrong, the executor is who tells of it.
        const told = expected.errors === undefined ? JSON.stringify(expected) : null;
        if (run === undefined) return;
        answered += 1;
        expect(run).toBe(told);
      }),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(50);
  });

  it('should choose the operation by its name', () => {
    const text = 'query A { nodes { totalCount } } query B { capabilities { name } }';
    expect(compiledOf(text, 'A')?.(context(), {})).toBe('{"data":{"nodes":{"totalCount":4}}}');
    expect(compiledOf(text, 'B')?.(context(), {})).toMatch(/^\{"data":\{"capabilities":/);
    expect(compiler().of(documents.read(text), null)).toBeUndefined();
    expect(compiler().of(documents.read(text), 'C')).toBeUndefined();
  });

  it('should leave to the executor what is read from Postgres, changes something, lasts, or has directives', () => {
    for (const text of [
      '{ changes { cursor } }',
      '{ nodes { edges { node { changes(first: 1) { cursor } } } } }',
      '{ rejectedEvents { reason } }',
      '{ node(id: "reader-1") { nodeId } }',
      'mutation { requestIntrospection { correlationId } }',
      'subscription { registrationChanges { cursor } }',
      'query ($yes: Boolean!) { nodes { totalCount @include(if: $yes) } }',
      '{ nodes { ... @defer { totalCount } } }',
    ]) {
      expect(compiledOf(text), text).toBeUndefined();
    }
  });

  it('should put off what it may not compile yet', () => {
    let may = false;
    const compiled = compiler(() => may);
    const text = '{ nodes(first: 3) { totalCount } }';
    expect(compiledOf(text, null, compiled)).toBeUndefined();
    may = true;
    expect(compiled.of(documents.read(text), null)).toBeDefined();
  });

  it('should give no answer where a variable is wrong or a field fails', () => {
    const run = compiledOf('query ($first: Int) { nodes(first: $first) { totalCount } }');
    expect(run?.(context(), { first: 1 })).toBe('{"data":{"nodes":{"totalCount":4}}}');
    expect(run?.(context(), { first: 'many' })).toBeNull();
    expect(run?.(context(), { first: -1 })).toBeNull();
  });
});
