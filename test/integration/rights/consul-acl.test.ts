import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import { startConsulAgent } from '../consul-agent.ts';
import { announcement, freshEnvironment, healthServer, Nodes, type RunningGateway, runGateway } from '../gateway/running-gateway.ts';

const MANAGEMENT = randomUUID();
const ACL = {
  acl: {
    enabled: true,
    default_policy: 'deny',
    // The agent's own token, and that of the starter's look whether it is up.
    tokens: { initial_management: MANAGEMENT, default: MANAGEMENT },
  },
};

let folder: string;
let agent: Awaited<ReturnType<typeof startConsulAgent>>;
let server: Awaited<ReturnType<typeof healthServer>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'consul-acl-'));
  agent = await startConsulAgent(join(folder, 'agent'), ACL);
  server = await healthServer();
});

afterAll(async () => {
  await server?.close();
  await agent?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What Consul's API says to somebody who may do everything. */
async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://${agent.host}:${agent.port}/v1${path}`, {
    method,
    headers: { 'x-consul-token': MANAGEMENT },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

function policyFile(mode: string): Promise<string> {
  return readFile(new URL(`../../../deploy/consul/gateway-${mode}.hcl`, import.meta.url), 'utf8');
}

/** The environment of a gateway whose token has these rules and no others. */
async function withRules(rules: string, mode: string): Promise<Record<string, string>> {
  const name = `gateway-${randomUUID()}`;
  await ask('PUT', '/acl/policy', { Name: name, Rules: rules });
  const token = z.object({ SecretID: z.string() }).parse(await ask('PUT', '/acl/token', { Policies: [{ Name: name }] }));
  return freshEnvironment({
    CONSUL_HOST: agent.host,
    CONSUL_PORT: String(agent.port),
    CONSUL_HTTP_TOKEN: token.SecretID,
    CONSUL_MODE: mode,
    CONSUL_VIRTUAL_NODES: '3',
    CONSUL_CHECK_INTERVAL: '1s',
    RECONCILE_INTERVAL: '1s',
  });
}

async function inConsul(serviceName: string): Promise<number> {
  return z.array(z.unknown()).parse(await ask('GET', `/health/service/${serviceName}?passing`)).length;
}

function refusals({ lines }: RunningGateway): string[] {
  return lines.map((line) => JSON.stringify(line)).filter((line) => /permission denied|ACL not found|lacks/i.test(line));
}

it.each(['agent', 'catalog'])('should do with the policy of deploy/consul for the mode %s all that a gateway does', async (mode) => {
  const gateway = await runGateway(await withRules(await policyFile(mode), mode));
  const nodes = await Nodes.connect(gateway.config);
  try {
    const [nodeId, serviceName] = [`acl-${mode}`, `acl-${mode}-service`];
    await nodes.announce(announcement(nodeId, { service_name: serviceName, endpoints: server.endpoints }));
    await until('it is found', async () => (await gateway.client.healthy(serviceName)).includes(nodeId), { timeout: 30_000 });
    await until('it passes in Consul', async () => (await inConsul(serviceName)) === 1, { timeout: 30_000 });
    server.answer(503);
    await until('it is seen to fail', async () => (await gateway.client.node(nodeId))?.health === 'UNHEALTHY', { timeout: 60_000 });
    server.answer(200);
    await until('it is seen to pass', async () => (await gateway.client.node(nodeId))?.health === 'HEALTHY', { timeout: 60_000 });
    await nodes.announce(announcement(nodeId, { reason: 'shutdown' }));
    await until('it has left', async () => (await inConsul(serviceName)) === 0, { timeout: 30_000 });
    expect(refusals(gateway)).toEqual([]);
  } finally {
    server.answer(200);
    await nodes.close();
    await gateway.stop();
  }
});

it.each<[string, string, string, string]>([
  ['agent', 'service_prefix "" {\n  policy = "write"', 'service_prefix "" {\n  policy = "read"', "lacks permission 'service:write'"],
  ['agent', 'node_prefix "" {\n  policy = "read"\n}', '', 'lacks node:read'],
  ['catalog', 'node_prefix "registry-" {\n  policy = "write"\n}', '', "lacks permission 'node:write'"],
  ['catalog', 'agent_prefix "" {\n  policy = "read"\n}', '', "lacks permission 'agent:read'"],
])('should say in the log of mode %s which right a token lacks: %j', async (mode, rule, instead, said) => {
  const policy = await policyFile(mode);
  expect(policy).toContain(rule);
  const gateway = await runGateway(await withRules(policy.replace(rule, instead), mode));
  try {
    await until('it says so', () => refusals(gateway).some((line) => line.includes(said)), { timeout: 30_000 });
  } finally {
    await gateway.stop();
  }
});
