import { z } from 'zod';
import { type Cli, count, examples, gatewayCommand, oneOf, several } from '../cli.ts';
import { EXPLAIN, RESOLVE } from '../documents.ts';
import { EXIT } from '../exit-code.ts';
import type { Gateway } from '../gateway.ts';
import { plainText } from '../plain-text.ts';
import { tableLines } from '../table.ts';

const STRATEGIES = ['RANDOM', 'ROUND_ROBIN', 'LEAST_LOADED', 'FRESHEST'] as const;
const MAX = 500;

const service = z
  .object({
    nodeId: z.string(),
    serviceName: z.string(),
    address: z.string().nullable(),
    port: z.number().nullable(),
    version: z.string().nullable(),
    url: z.string().nullable(),
    node: z.object({ type: z.string(), endpoints: z.array(z.object({ name: z.string(), url: z.string() })) }),
  })
  .transform(({ node, ...rest }) => ({
    ...rest,
    type: node.type,
    endpoints: new Map(node.endpoints.map(({ name, url }) => [name, url])),
  }));
type Service = z.output<typeof service>;

const found = z.object({ healthyServices: z.array(service) });

const explained = z.object({
  explainDiscovery: z.object({
    summary: z.string(),
    withheld: z.array(z.object({ node: z.object({ nodeId: z.string() }), reason: z.string(), explanation: z.string() })),
    suggestions: z.array(z.object({ name: z.string() })),
  }),
});

export function resolveCommand(cli: Cli) {
  return gatewayCommand('resolve')
    .summary('where a healthy service is that can do something')
    .description(
      'Prints the URL of a healthy service that can do something: its endpoint "api", or else address:port. In a terminal with the node behind it, elsewhere alone. Where there is none it says why, and exits with 1.',
    )
    .argument('<capability>', 'what it must be able to do; the name of a service, node or type will do too')
    .option('--all-of <capabilities>', 'more that the same service must be able to do; may be repeated', several)
    .option('--type <types>', 'only nodes of these types; may be repeated', several)
    .option('--version-range <range>', 'only versions in this semver range, such as "^1.4.0"')
    .option('--strategy <strategy>', 'which comes first: random, round-robin, least-loaded or freshest', oneOf(STRATEGIES))
    .option('--limit <n>', 'how many at most', count(MAX), 1)
    .option('--endpoint <name>', 'the URL of this endpoint, of services that have it')
    .addHelpText('after', examples('dgw resolve database-adapter', 'curl "$(dgw resolve orders --strategy least-loaded)/status"'))
    .action(async (capability, options) => {
      const request = { capability, allOf: options.allOf, types: options.type, versionRange: options.versionRange };
      const gateway = cli.gateway(options);
      // Those without the endpoint are only known afterwards.
      const limit = options.endpoint === undefined ? options.limit : MAX;
      const { healthyServices } = await gateway.ask(RESOLVE, { ...request, strategy: options.strategy, limit }, found);
      const { endpoint } = options;
      const chosen = healthyServices
        .map((one) => ({ ...one, target: targetOf(one, endpoint) }))
        .filter(({ target }) => target !== null || (options.json === true && endpoint === undefined))
        .slice(0, options.limit);
      const [out, err] = [cli.printers.out, cli.printers.err];
      if (options.json === true) {
        const services = chosen.map(({ endpoints, ...rest }) => ({ ...rest, endpoints: Object.fromEntries(endpoints) }));
        const why = healthyServices.length === 0 ? { explanation: (await gateway.ask(EXPLAIN, request, explained)).explainDiscovery } : {};
        await out.json({ services, ...why });
      } else if (chosen.length === 0) {
        for (const line of await reasons(gateway, request, healthyServices, endpoint)) await err.line(plainText(line));
      } else if (out.width === null) {
        for (const { target } of chosen) await out.line(plainText(target ?? ''));
      } else {
        const columns = [
          { title: 'URL', cell: (row: (typeof chosen)[number]) => row.target ?? '' },
          { title: 'NODE', cell: (row: (typeof chosen)[number]) => row.nodeId },
          { title: 'SERVICE', cell: (row: (typeof chosen)[number]) => row.serviceName, givesWay: 1 },
          { title: 'VERSION', cell: (row: (typeof chosen)[number]) => row.version ?? '', givesWay: 2 },
        ];
        for (const line of tableLines(columns, chosen, out)) await out.line(line);
      }
      if (chosen.length === 0) cli.exitCode = EXIT.nothing;
    });
}

/** Where to call; null where the service announced nothing of the kind. */
function targetOf({ url, address, port, endpoints }: Service, endpoint: string | undefined): string | null {
  if (endpoint !== undefined) return endpoints.get(endpoint) ?? null;
  if (url !== null) return url;
  if (address === null) return null;
  const host = address.includes(':') ? `[${address}]` : address;
  return port === null ? host : `${host}:${port}`;
}

/** Why there is nothing to print. */
async function reasons(gateway: Gateway, request: object, healthy: readonly Service[], endpoint: string | undefined): Promise<string[]> {
  if (healthy.length > 0) {
    const names = [...new Set(healthy.flatMap(({ endpoints }) => [...endpoints.keys()]))].sort();
    const has = names.length === 0 ? 'they announced no endpoint at all' : `they have ${names.join(', ')}`;
    return [
      endpoint === undefined
        ? `${healthy.length} healthy, but none announced an endpoint or address: ${healthy.map(({ nodeId }) => nodeId).join(', ')}`
        : `${healthy.length} healthy, but none has the endpoint "${endpoint}": ${has}`,
    ];
  }
  const { summary, withheld, suggestions } = (await gateway.ask(EXPLAIN, request, explained)).explainDiscovery;
  return [
    summary,
    ...withheld.map(({ node, reason, explanation }) => `  ${node.nodeId}: ${reason}. ${explanation}`),
    ...(suggestions.length === 0 ? [] : [`Did you mean ${suggestions.map(({ name }) => name).join(', ')}?`]),
  ];
}
