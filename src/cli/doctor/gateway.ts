import { z } from 'zod';
import { messageOf } from '../../errors.ts';
import { gatewayVersion } from '../../version.ts';
import { CliError } from '../cli-error.ts';
import type { Connection } from '../connection.ts';
import { NODES, STATUS } from '../documents.ts';
import { HttpGateway, reasonOf } from '../gateway.ts';
import { statusAnswer } from '../status.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warning, fault } = findingsOf('gateway');

const TIMEOUT = 5000;
/** HTTP tells whole seconds. Milliseconds. */
const SKEW = 3000;

/** What `/health` says, as far as it is looked at. */
const healthShape = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  registry_id: z.string(),
  environment: z.string(),
  ready: z.boolean().optional(),
  stale: z.boolean().optional(),
  checks: z.object({
    background_tasks: z.looseObject({ consumer_task_running: z.boolean(), consumer_paused_reason: z.string().nullish() }),
    services: z.record(z.string(), z.boolean()),
  }),
});

const fleet = z.object({
  nodes: z.object({ edges: z.array(z.object({ node: z.object({ nodeId: z.string(), version: z.string().nullable() }) })) }),
});

/** What the configuration here says of the gateway that is looked at; null where it says nothing. */
export interface Expected {
  readonly environment: string | null;
  readonly registryId: string | null;
}

/** Null: nothing answers there, and why. */
export async function checkGateway(connection: Connection, expected: Expected, now: () => number): Promise<Finding[]> {
  const { base } = connection;
  const asked = now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${base}/health`, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' });
    text = await response.text();
  } catch (error) {
    return [fault(`no gateway answers at ${base}: ${reasonOf(error, TIMEOUT)}`, 'start it, or say where it is with --url or DGW_URL')];
  }
  const health = healthShape.safeParse(parsed(text));
  if (!health.success) {
    return [
      fault(
        `what answers at ${base} is no discovery-gateway (HTTP ${response.status} at /health)`,
        'say where the gateway is with --url or DGW_URL; the port may be taken by another program',
      ),
    ];
  }
  return [
    ...identityFindings(base, health.data, expected),
    ...healthFindings(base, health.data),
    ...skewFindings(response.headers.get('date'), (asked + now()) / 2),
    ...(await answers(connection)),
  ];
}

type Health = z.output<typeof healthShape>;

function identityFindings(base: string, { environment, registry_id: id }: Health, expected: Expected): Finding[] {
  const findings: Finding[] = [];
  if (expected.environment !== null && environment !== expected.environment) {
    findings.push(
      fault(
        `the gateway at ${base} is of the environment "${environment}", and KAFKA_ENVIRONMENT here is "${expected.environment}"`,
        'correct KAFKA_ENVIRONMENT, or ask the gateway of that environment (--url)',
      ),
    );
  }
  if (expected.registryId !== null && id !== '' && id !== expected.registryId) {
    findings.push(
      fault(
        `the gateway at ${base} serves registry ${id}, and the database configured here holds registry ${expected.registryId}`,
        'they are two registries: correct DATABASE_URL here, or ask the other gateway (--url)',
      ),
    );
  }
  return findings;
}

function healthFindings(base: string, { status, ready, stale, checks }: Health): Finding[] {
  const away = Object.entries(checks.services)
    .filter(([, isThere]) => !isThere)
    .map(([name]) => name.replace(/_client_available$/, ''));
  const paused = checks.background_tasks.consumer_paused_reason;
  const why = [
    ...(away.length === 0 ? [] : [`it cannot reach ${away.join(' and ')}`]),
    ...(stale === true ? ['what it answers may be old'] : []),
    ...(checks.background_tasks.consumer_task_running ? [] : ['it consumes nothing']),
    ...(paused ? [`its consumer ${paused}`] : []),
  ].join(', ');
  if (status === 'healthy') return [ok(`the gateway at ${base} is healthy`)];
  const said = `the gateway at ${base} is ${status}${why === '' ? '' : `: ${why}`}`;
  const remedy = `see what is said of these above; ${base}/health has the whole picture`;
  return [status === 'degraded' ? warning(said, remedy) : fault(`${said}${ready === false ? '; it is not ready' : ''}`, remedy)];
}

function skewFindings(date: string | null, here: number): Finding[] {
  const there = date === null ? Number.NaN : Date.parse(date);
  const skew = there - here;
  if (Number.isNaN(skew) || Math.abs(skew) <= SKEW) return [];
  return [
    warning(
      `the clock of the gateway is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} that of this machine`,
      'let both follow a time server (NTP)',
    ),
  ];
}

/** What it says over GraphQL, and to whom. */
async function answers(connection: Connection): Promise<Finding[]> {
  const gateway = new HttpGateway(connection, TIMEOUT);
  try {
    const { registryStatus } = await gateway.ask(STATUS, {}, statusAnswer);
    const who = connection.token === null ? 'without a token' : 'with this token';
    const { nodes } = await gateway.ask(NODES, { filter: { types: ['registry'], states: ['REGISTERED'] }, first: 50, after: null }, fleet);
    return [ok(`it answers GraphQL ${who}: ${registryStatus.nodes} nodes are known`), ...versions(nodes.edges.map(({ node }) => node))];
  } catch (error) {
    if (!(error instanceof CliError)) return [fault(`it does not answer GraphQL: ${messageOf(error)}`, 'look at its log')];
    if (error.code === 'UNAUTHENTICATED' && connection.token === null)
      return [warning('it asks for a token, and none is set here', 'put one into DGW_TOKEN, or into a file that DGW_TOKEN_FILE names')];
    if (error.code === 'UNAUTHENTICATED')
      return [
        fault(
          'it does not accept the token in DGW_TOKEN or DGW_TOKEN_FILE',
          'it is wrong or has expired: use one of AUTH_TOKENS_READ or AUTH_TOKENS_WRITE, or a JWT of its issuer',
        ),
      ];
    if (error.code === 'FORBIDDEN') return [fault(`the token may not read: ${error.message}`, 'use one with the scope registry:read')];
    return [fault(`it does not answer GraphQL: ${error.message}`, 'look at its log')];
  }
}

function versions(gateways: readonly { readonly nodeId: string; readonly version: string | null }[]): Finding[] {
  const own = gatewayVersion();
  const others = gateways.filter(({ version }) => version !== null && version !== own);
  if (gateways.length === 0) return [];
  const list = gateways.map(({ nodeId, version }) => `${nodeId} ${version ?? 'of unknown version'}`).join(', ');
  if (others.length === 0) return [ok(`registered gateways: ${list}`)];
  return [
    warning(
      `gateways of other versions than this program (${own}) are registered: ${list}`,
      'fine amid an upgrade; otherwise bring all to one version',
    ),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
