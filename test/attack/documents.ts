const many = (count: number, each: (index: number) => string) => Array.from({ length: count }, (_, index) => each(index)).join(' ');
const nested = (levels: number) => `nodes { edges { node { ${'changes { node { '.repeat(levels)} name ${'} } '.repeat(levels)} } } }`;

/** Documents that ask for too much, a different one each time, so that none is known already. */
export const DOCUMENT_ATTACKS: Readonly<Record<string, { readonly text: (index: number) => string; readonly limit: string | null }>> = {
  deep: { text: (index) => `{ ${nested(60)} } #${index}`, limit: 'LIMIT_DEPTH' },
  tokens: { text: (index) => `{ nodes { edges { node { ${'name '.repeat(5000)} } } } } #${index}`, limit: 'LIMIT_TOKENS' },
  wide: {
    text: (index) => `{ ${many(12, (n) => `a${n}: nodes { edges { node { ${'name type '.repeat(45)} } } }`)} } #${index}`,
    limit: 'LIMIT_FIELDS',
  },
  'many operations': {
    text: (index) =>
      `${many(150, (n) => `query q${n}{...F}`)} fragment F on Query{${many(25, (n) => `a${n}:nodes(first:1){edges{node{...N}}}`)}} fragment N on Node{${'name type health '.repeat(10)}} #${index}`,
    limit: 'LIMIT_FIELDS',
  },
  aliased: { text: (index) => `{ registryStatus { ${many(500, (n) => `a${n}: stale`)} } } #${index}`, limit: 'LIMIT_ALIASES' },
  repeated: { text: (index) => `{ nodes { edges { node { ${'name '.repeat(900)} } } } } #${index}`, limit: 'LIMIT_REPEATS' },
  'root fields': { text: (index) => `{ ${many(49, (n) => `a${n}: nodes { totalCount }`)} } #${index}`, limit: 'LIMIT_ROOT_FIELDS' },
  directives: { text: (index) => `{ __typename ${'@skip(if: false) '.repeat(200)} } #${index}`, limit: 'LIMIT_DIRECTIVES' },
  'fragment bomb': {
    text: (index) =>
      `{ ...F0 } ${many(100, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F100 on Query { __typename } #${index}`,
    limit: 'LIMIT_FRAGMENTS',
  },
  'fragment circle': {
    text: (index) => `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A } #${index}`,
    limit: 'LIMIT_FRAGMENTS',
  },
  'schema in itself': {
    text: (index) => `{ __type(name: "Node") { ${'fields { type { '.repeat(4)}name${' } }'.repeat(4)} } } #${index}`,
    limit: 'INTROSPECTION_DEPTH',
  },
  dear: {
    text: (index) => `{ nodes(first: 500) { edges { node { changes(first: 100) { cursor node { name } } } } } } #${index}`,
    limit: 'LIMIT_COST',
  },
  pages: { text: (index) => `{ nodes(first: 100000) { totalCount } } #${index}`, limit: 'LIMIT_PAGE_SIZE' },
  'allowed, but dear': {
    text: () =>
      '{ nodes(first: 500) { edges { node { nodeId name type state health version serviceName capabilities endpoints { url } } } } }',
    limit: 'LIMIT_COST_RATE',
  },
  'always new': {
    text: (index) => `{ a${index}: healthyServices(capability: "capability.3") { nodeId url } }`,
    limit: 'LIMIT_DOCUMENT_RATE',
  },
  'hard to validate': {
    text: (index) =>
      `{ ${many(8, (n) => `...G${n}`)} } ${many(8, (n) => `fragment G${n} on Query { nodes(first: 1) { edges { node { ${many(30, () => 'endpoints { name url }')} } } } }`)} #${index}`,
    limit: 'LIMIT_DOCUMENT_RATE',
  },
};
