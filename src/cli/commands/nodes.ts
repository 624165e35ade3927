import { z } from 'zod';
import { age } from '../age.ts';
import { type Cli, count, examples, gatewayCommand, oneOf, several, severalOf } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { NODES } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import type { Gateway } from '../gateway.ts';
import { healthCell, type NodeRow, nodeRow, placeOf } from '../node-row.ts';
import { type Column, tableLines } from '../table.ts';

const HEALTHS = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'] as const;
const STATES = ['REGISTERED', 'EXPIRED', 'REMOVED'] as const;
const SORTS = ['ID', 'TYPE', 'SERVICE', 'HEALTH', 'STATE', 'UPDATED'] as const;
type Sort = (typeof SORTS)[number];

/** Nodes of one page. One costs a gateway some 30 of the 20,000 that it allows by default; an operator may allow less. */
const PAGE = 200;

const page = z.object({
  nodes: z.object({
    totalCount: z.number(),
    cursor: z.string(),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    edges: z.array(z.object({ node: nodeRow })),
  }),
});

type Page = z.output<typeof page>['nodes'];

const HEALTH_ORDER: ReadonlyMap<string, number> = new Map(HEALTHS.map((health, index) => [health, index]));
const STATE_ORDER: ReadonlyMap<string, number> = new Map(STATES.map((state, index) => [state, index]));

/** What one is sorted by, apart from the ids, which stand in order already. */
const KEYS: Readonly<Record<Sort, (node: NodeRow) => string>> = {
  ID: () => '',
  TYPE: ({ type }) => type,
  SERVICE: ({ serviceName }) => serviceName,
  HEALTH: ({ health }) => String(HEALTH_ORDER.get(health)),
  STATE: ({ state }) => String(STATE_ORDER.get(state)),
  UPDATED: ({ updatedAt }) => updatedAt,
};

export function nodesCommand(cli: Cli) {
  return gatewayCommand('nodes')
    .summary('which nodes there are')
    .description(
      'Lists nodes: those that are registered, unless --state says otherwise. Several values of one option are alternatives, except --capability: a node must have all of them. Exits with 1 where no node matches.',
    )
    .option('--type <types>', 'nodes of these types', several)
    .option('--capability <capabilities>', 'nodes that have all of these', several)
    .option('--health <healths>', 'healthy, degraded, unhealthy or unknown', severalOf(HEALTHS))
    .option('--state <states>', 'registered, expired, removed, or all', severalOf([...STATES, 'ALL'] as const))
    .option('--service <name>', 'nodes of this service')
    .option('--search <text>', 'nodes with this in their id, name, service or a capability')
    .option('--sort <by>', 'id, type, service, health, state or updated', oneOf(SORTS))
    .option('--limit <n>', 'how many at most', count(1_000_000))
    .addHelpText('after', examples('dgw nodes --type effect --health unhealthy,unknown', 'dgw nodes --state all --json'))
    .action(async (options) => {
      const filter = {
        types: options.type,
        capabilities: options.capability,
        health: options.health,
        states: options.state?.includes('ALL') ? undefined : (options.state ?? ['REGISTERED']),
        serviceName: options.service,
        search: options.search,
      };
      const { out, err } = cli.printers;
      const { sort = 'ID', limit } = options;
      // Sorted otherwise the first of all may come last.
      const list = await everyNode(cli.gateway(options), filter, sort === 'ID' ? limit : undefined);
      const nodes = sorted(list.nodes, sort).slice(0, limit);
      if (options.json === true) {
        await out.json({ totalCount: list.totalCount, cursor: list.cursor, nodes: nodes.map(asJson) });
      } else if (nodes.length === 0) {
        await err.line('No node matches.');
      } else {
        for (const line of tableLines(columns(cli.surroundings.now(), options.state !== undefined), nodes, out)) await out.line(line);
        if (nodes.length < list.totalCount) await err.line(`${nodes.length} of ${list.totalCount} nodes.`);
      }
      if (nodes.length === 0) cli.exitCode = EXIT.nothing;
    });
}

/** Page by page, until there are no more or enough. A node that moves meanwhile is never there twice: the order is that of the ids. */
async function everyNode(gateway: Gateway, filter: object, limit = Number.POSITIVE_INFINITY) {
  const nodes: NodeRow[] = [];
  let first = Math.min(PAGE, limit);
  let after: string | null = null;
  for (;;) {
    const answer = await onePage(gateway, { filter, first, after });
    if (answer === null) {
      first = Math.floor(first / 2);
      continue;
    }
    nodes.push(...answer.edges.map(({ node }) => node));
    after = answer.pageInfo.endCursor;
    if (!answer.pageInfo.hasNextPage || nodes.length >= limit) return { nodes, totalCount: answer.totalCount, cursor: answer.cursor };
  }
}

/** Null where this is more than the gateway gives at a time. */
async function onePage(gateway: Gateway, variables: { readonly first: number; readonly [other: string]: unknown }): Promise<Page | null> {
  try {
    return (await gateway.ask(NODES, variables, page)).nodes;
  } catch (error) {
    if (error instanceof CliError && error.code === 'LIMIT_EXCEEDED' && variables.first > 1) return null;
    throw error;
  }
}

function sorted(nodes: readonly NodeRow[], sort: Sort): NodeRow[] {
  const key = KEYS[sort];
  const direction = sort === 'UPDATED' ? -1 : 1;
  return nodes.toSorted((a, b) => (key(a) < key(b) ? -direction : key(a) > key(b) ? direction : 0));
}

function asJson({ endpoints, ...node }: NodeRow) {
  return { ...node, endpoints: Object.fromEntries(endpoints.map(({ name, url }) => [name, url])) };
}

function columns(now: number, withState: boolean): Column<NodeRow>[] {
  return [
    { title: 'NODE', cell: ({ nodeId }) => nodeId, givesWay: 1 },
    { title: 'TYPE', cell: ({ type }) => type, givesWay: 1 },
    { title: 'SERVICE', cell: ({ serviceName }) => serviceName, givesWay: 1 },
    { title: 'HEALTH', cell: ({ health }) => healthCell(health) },
    ...(withState ? [{ title: 'STATE', cell: ({ state }: NodeRow) => state.toLowerCase() }] : []),
    { title: 'VERSION', cell: ({ version }) => version ?? '', givesWay: 1 },
    { title: 'ADDRESS', cell: placeOf, givesWay: 1 },
    { title: 'CHANGED', cell: ({ updatedAt }) => age(new Date(updatedAt), now) },
    { title: 'CAPABILITIES', cell: ({ capabilities }) => capabilities.join(', '), givesWay: 2 },
  ];
}
