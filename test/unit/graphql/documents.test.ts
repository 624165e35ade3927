import { GraphQLError, getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { Documents, RefusedDocument } from '../../../src/graphql/documents.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { EXAMPLE_TABS } from '../../../src/http/example-tabs.ts';

const schema = buildSchema();
const documents = (limits = {}) => new Documents(schema, { ...defaultLimits(), ...limits });

/** The names of the limits that a document, or its operation with these variables, exceeds. */
function limitsOf(text: string, { variables = {}, limits = {} }: { variables?: Record<string, unknown>; limits?: object } = {}): unknown[] {
  const all = documents(limits);
  try {
    all.price(all.read(text), null, variables);
    return [];
  } catch (error) {
    if (!(error instanceof RefusedDocument)) throw error;
    return error.errors.map(({ originalError }) => {
      expect(originalError).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringMatching(/: .*\((?:LIMIT|INTROSPECTION)_[A-Z_]+=\d+\)$/),
      });
      return originalError !== undefined && 'details' in originalError ? originalError.details : undefined;
    });
  }
}

const costOf = (text: string, variables: Record<string, unknown> = {}) => {
  const all = documents({ LIMIT_COST: 1_000_000_000 });
  return all.price(all.read(text), null, variables);
};

const many = (count: number, each: (index: number) => string) => Array.from({ length: count }, (_, index) => each(index)).join(' ');
const deep = (count: number) => `{ nodes { edges { node { ${'changes { node { '.repeat(count)} name ${'} } '.repeat(count)} } } } }`;
const bomb = (lines: number) =>
  `{ ...F0 } ${many(lines, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${lines} on Query { __typename }`;

describe('a document', () => {
  it.each<[string, string, string]>([
    ['too many tokens', `{ nodes { edges { node { ${'name '.repeat(2000)} } } } }`, 'LIMIT_TOKENS'],
    [
      'too many fields',
      `{ ${many(12, (n) => `n${n}: nodes(first: 1) { edges { node { ${'name type '.repeat(45)} } } }`)} }`,
      'LIMIT_FIELDS',
    ],
    [
      'many operations that spread the same fragments, each of which has to be walked once more',
      `${many(100, (n) => `query q${n} { ...F }`)} fragment F on Query { ${many(11, (n) => `a${n}: __typename`)} }`,
      'LIMIT_FIELDS',
    ],
    ['too many aliases', `{ registryStatus { ${many(51, (n) => `a${n}: stale`)} } }`, 'LIMIT_ALIASES'],
    ['too many root fields', `{ ${many(31, (n) => `a${n}: __typename`)} }`, 'LIMIT_ROOT_FIELDS'],
    ['root fields behind fragments', `{ ...A ...A } fragment A on Query { ${many(16, (n) => `a${n}: __typename`)} }`, 'LIMIT_ROOT_FIELDS'],
    ['too many directives', `{ nodes ${'@include(if: true)'.repeat(51)} { totalCount } }`, 'LIMIT_DIRECTIVES'],
    ['a field over and over', `{ nodes { edges { node { ${'name '.repeat(51)} } } } }`, 'LIMIT_REPEATS'],
    ['a field over and over, one level up each', `{ nodes { ${'edges { node { name name name } } '.repeat(17)} } }`, 'LIMIT_REPEATS'],
    ['fragments that double', bomb(40), 'LIMIT_FRAGMENTS'],
    ['fragments in a circle', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }', 'LIMIT_FRAGMENTS'],
    ['a circle that nobody spreads', '{ __typename } fragment A on Query { ...A }', 'LIMIT_FRAGMENTS'],
    ['inline fragments in one another', `{ ${'... { '.repeat(101)} __typename ${'} '.repeat(101)} }`, 'LIMIT_FRAGMENTS'],
    [
      'the schema, walked over and over',
      `{ __schema { types { ${'fields { type { '.repeat(6)} name ${'} } '.repeat(6)} } } }`,
      'INTROSPECTION_DEPTH',
    ],
    [
      'the schema, many times at once',
      `{ ${many(20, (n) => `a${n}: __schema { types { fields { name args { name } } } }`)} }`,
      'LIMIT_COST',
    ],
    [
      'a type, walked into itself',
      `{ __type(name: "Node") { ${'fields { type { '.repeat(3)} name ${'} } '.repeat(3)} } }`,
      'INTROSPECTION_DEPTH',
    ],
    [
      'inputs of inputs',
      '{ __schema { types { inputFields { type { inputFields { type { inputFields { name } } } } } } } }',
      'INTROSPECTION_DEPTH',
    ],
  ])('should be refused for %s, naming the limit', (_what, text, limit) => {
    expect(limitsOf(text)).toContainEqual(expect.objectContaining({ limit }));
  });

  it('should be refused for its depth, and for every other limit that it exceeds as well', () => {
    const nested = `a: nodes { edges { node { ${'changes { node { '.repeat(7)} name ${'} } '.repeat(7)} } } }`;
    expect(limitsOf(`{ ${nested} ${many(60, (n) => `a${n}: __typename`)} }`)).toEqual(
      ['LIMIT_DEPTH', 'LIMIT_ALIASES', 'LIMIT_ROOT_FIELDS'].map((limit) => expect.objectContaining({ limit })),
    );
    expect(limitsOf(deep(6))).toEqual([expect.objectContaining({ limit: 'LIMIT_COST' })]);
  });

  it('should be refused in milliseconds', () => {
    const before = process.cpuUsage();
    for (const text of [
      bomb(150),
      deep(150),
      `{ ${'name '.repeat(1900)} }`,
      `{ ${'...A '.repeat(400)} } fragment A on Query { ${'...B '.repeat(400)} } fragment B on Query { __typename }`,
    ]) {
      limitsOf(text);
    }
    const { user, system } = process.cpuUsage(before);
    // Of this process, since the machine does other things beside; validation of the last alone would take seconds. Microseconds.
    expect(user + system).toBeLessThan(400_000);
  });

  it('should be read where it is what people send', () => {
    for (const text of [getIntrospectionQuery(), getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true })]) {
      expect(limitsOf(text)).toEqual([]);
    }
    const all = documents();
    for (const { query, variables = '{}' } of EXAMPLE_TABS) {
      const { document, errors } = all.read(query);
      expect(errors).toEqual([]);
      for (const definition of document.definitions) {
        if (definition.kind !== 'OperationDefinition') continue;
        expect(all.price(all.read(query), definition.name?.value, JSON.parse(variables))).toBeLessThan(2000);
      }
    }
    // A dashboard's whole page, with what it shows of each node.
    expect(
      limitsOf(
        '{ nodes(first: 500) { totalCount cursor pageInfo { hasNextPage endCursor } edges { cursor node { nodeId name type state health version serviceName address port capabilities lastSeenAt } } } }',
      ),
    ).toEqual([]);
  });

  it('should keep syntax and validation errors what they are', () => {
    expect(() => documents().read('{ nope')).toThrow(GraphQLError);
    expect(
      documents()
        .read('{ nope }')
        .errors.map(({ extensions }) => extensions['code']),
    ).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  it('should be told what is wrong with @skip and @include at the root of a subscription', () => {
    const text = 'subscription ($s: Boolean!) { registrationChanges @skip(if: $s) { cursor } }';
    expect(documents().read(text).errors).toMatchObject([
      { message: expect.stringContaining('@include'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' }, locations: [{ line: 1 }] },
    ]);
    expect(documents().read(text.replace('@skip(if: $s) { cursor }', '{ cursor @skip(if: $s) }')).errors).toEqual([]);
  });

  it('should be read once, and pinned for good', () => {
    const all = documents();
    const read = all.read('{ __typename }');
    expect(all.read('{ __typename }')).toBe(read);
    expect(all.known('{ nodes { totalCount } }')).toBeUndefined();
    all.pin('{ nodes { totalCount } }');
    expect(all.known('{ nodes { totalCount } }')).toBeDefined();
    all.read('{ nope }');
    expect(all.known('{ nope }')).toBeUndefined();
  });
});

describe('the cost', () => {
  it('should multiply what is in a list by its length: a literal, a variable, the default of either', () => {
    const page = (size: string, head = '') => `${head} { nodes${size} { edges { node { name } } } }`;
    const unit = costOf(page('(first: 1)')) - costOf(page('(first: 0)'));
    expect(unit).toBeGreaterThan(0);
    const empty = costOf(page('(first: 0)'));
    expect(costOf(page('(first: 7)'))).toBe(empty + 7 * unit);
    expect(costOf(page('(last: 7)'))).toBe(empty + 7 * unit);
    expect(costOf(page(''))).toBe(empty + 50 * unit);
    const variable = page('(first: $n)', 'query ($n: Int = 20)');
    expect(costOf(variable, { n: 9 })).toBe(empty + 9 * unit);
    expect(costOf(variable)).toBe(empty + 20 * unit);
    expect(costOf(variable, { n: null })).toBe(empty + 50 * unit);
    expect(costOf(variable, { n: -3 })).toBe(empty);
    expect(costOf(variable, { n: 'x' })).toBe(empty + 50 * unit);
  });

  it('should multiply lists in lists', () => {
    const text = 'query ($a: Int, $b: Int) { nodes(first: $a) { edges { node { changes(first: $b) { cursor } } } } }';
    const at = (a: number, b: number) => costOf(text, { a, b });
    expect(at(100, 100) - at(100, 99)).toBe(100 * (at(1, 100) - at(1, 99)));
    expect(at(500, 100)).toBeGreaterThan(defaultLimits().LIMIT_COST);
  });

  it('should be higher where Postgres is asked, and for deferred fragments', () => {
    expect(costOf('{ changes(first: 1) { cursor } }')).toBeGreaterThan(10 * costOf('{ nodes(first: 1) { edges { cursor } } }'));
    const text = (directive: string) => `{ nodes(first: 500) { edges { node { ... ${directive} { name } } } } }`;
    expect(limitsOf(text(''))).toEqual([]);
    expect(costOf(text('@defer'))).toBeGreaterThan(costOf(text('')) + 500 * 10);
  });

  it('should be that of the operation that is asked for', () => {
    const all = documents();
    const read = all.read('query A { registryStatus { stale } } query B { nodes(first: 500) { edges { node { name } } } }');
    expect(all.price(read, 'A', {})).toBeLessThan(all.price(read, 'B', {}));
  });

  it('should not depend on what a page may not have anyway, and refuse one over LIMIT_PAGE_SIZE', () => {
    const text = 'query ($n: Int) { nodes(first: $n) { edges { cursor } } }';
    expect(costOf(text, { n: 1000 })).toBe(costOf(text, { n: 500 }));
    expect(limitsOf(text, { variables: { n: 1001 } })).toEqual([{ limit: 'LIMIT_PAGE_SIZE', max: 1000 }]);
    expect(limitsOf('{ nodes(first: 30) { edges { cursor } } }', { limits: { LIMIT_PAGE_SIZE: 20 } })).toEqual([
      { limit: 'LIMIT_PAGE_SIZE', max: 20 },
    ]);
  });
});
