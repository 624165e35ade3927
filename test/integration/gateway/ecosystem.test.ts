import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Stack } from '../../../src/local/stack.ts';
import { until } from '../../until.ts';
import { freshDatabase, gatewayEnvironment, privateStack } from '../stack.ts';
import { ownServices, type RunningGateway, runGateway, sql } from './running-gateway.ts';

const PACKAGE = 'omnibase-infra';
const LOOK = "import importlib.util, sys; sys.exit(importlib.util.find_spec('omnibase_infra') is None)";
const PROGRAM = new URL('../ecosystem/node.py', import.meta.url).pathname;

/** The interpreter that was named, else one that happens to have the package; null where there is none. */
function findPython(): string | null {
  const named = process.env['OMNIBASE_PYTHON'];
  if (named !== undefined && named !== '') return named;
  return spawnSync('python3', ['-c', LOOK]).status === 0 ? 'python3' : null;
}

const python = findPython();
const NAME = `a node of the Python package ${PACKAGE}`;

describe.skipIf(python === null)(python === null ? `${NAME} (no Python has it: see OMNIBASE_PYTHON in the README)` : NAME, () => {
  const nodeId = randomUUID();
  const children: ChildProcess[] = [];
  let stack: Stack;
  let gateway: RunningGateway;
  let url: string;
  let registryId: string;
  let life: ReturnType<typeof live>;

  /** One life of the node, from its start to the end of its process. */
  function live() {
    const child = spawn(python ?? '', [PROGRAM], {
      env: { PATH: process.env['PATH'] ?? '', KAFKA_BOOTSTRAP_SERVERS: stack.kafka.url, NODE_ID: nodeId },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    }
    return { child, output: () => output.slice(-3000), ended: once(child, 'exit').then(([code]) => z.number().nullable().parse(code)) };
  }

  const node = () => gateway.client.node(nodeId);
  const services = async () =>
    [...(await ownServices(gateway.config, registryId))].filter(([, { Meta }]) => Meta['node_id'] === nodeId).map(([id]) => id);

  async function isRegistered(): Promise<void> {
    // The package takes some seconds to be imported, and its consumers some more to join.
    const look = async () => (await node())?.state === 'REGISTERED' || (life.child.exitCode !== null && life.output());
    expect(await until('the node is registered', look, { timeout: 60_000 }), life.output()).toBe(true);
  }

  const ask = (args: string) =>
    gateway.client.get(
      z.object({ correlationId: z.string() }),
      'requestIntrospection',
      `mutation { requestIntrospection${args} { correlationId } }`,
    );
  const isAnswered = (correlationId: string) =>
    until('the answer arrived with the correlation id of the request', () =>
      gateway.lines.some((line) => line['correlationId'] === correlationId && line['nodeId'] === nodeId && line['outcome'] === 'unchanged'),
    );

  beforeAll(async () => {
    // The names of the platform's topics have no environment in them, so no other suite may be on this Kafka.
    stack = await privateStack({ consul: true, postgres: true });
    url = await freshDatabase();
    gateway = await runGateway({ ...gatewayEnvironment(url), KAFKA_BROKER_URL: stack.kafka.url, GATEWAY_ID: 'gateway-ecosystem' });
    registryId = z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
    life = live();
    await isRegistered();
  }, 180_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await gateway?.stop();
    await stack?.stop();
  });

  it('should be registered with what it announced, in Consul and for clients', async () => {
    const announced = z.object({
      name: z.string(),
      type: z.string(),
      version: z.string(),
      capabilities: z.array(z.string()),
      endpoints: z.array(z.object({ name: z.string(), url: z.string() })),
    });
    const fields = 'name type version capabilities endpoints { name url }';
    const { endpoints, ...rest } = await gateway.client.get(
      announced,
      'nodeById',
      `query ($id: ID!) { nodeById(nodeId: $id) { ${fields} } }`,
      { id: nodeId },
    );
    expect(rest).toEqual({
      name: 'ecosystem_database_adapter',
      type: 'effect',
      version: '1.4.2',
      capabilities: ['execute_query', 'postgres', 'read'],
    });
    expect(endpoints.map(({ name }) => name).sort()).toEqual(['api', 'health']);
    const service = (await ownServices(gateway.config, registryId)).get(`effect-${nodeId}`);
    expect(service?.Tags).toEqual(expect.arrayContaining(['effect', '1.4.2', 'execute_query', 'postgres', 'read']));
    await until('it is found by what it can do', async () => (await gateway.client.healthy('execute_query')).includes(nodeId));
  });

  it('should be heard: its heartbeats arrive', async () => {
    const first = await until('one arrived', async () => (await node())?.lastHeartbeatAt);
    await until('a later one arrived', async () => ((await node())?.lastHeartbeatAt ?? '') > first);
    expect((await node())?.health).toBe('HEALTHY');
  });

  it('should acknowledge its registration', async () => {
    await until('the acknowledgement is recorded', async () => (await node())?.acknowledgedAt);
  });

  it('should answer a request to it, and one to everybody, with the correlation id of the request', async () => {
    const single = await ask(`(nodeId: "${nodeId}")`);
    await isAnswered(single.correlationId);
    const everybody = await ask('');
    await isAnswered(everybody.correlationId);
    // Asked is not changed.
    expect((await gateway.client.changes(nodeId)).filter(({ type }) => type !== 'HEALTH_CHANGED')).toMatchObject([{ type: 'ADDED' }]);
  });

  it('should say goodbye when it ends, and come back in its next life', async () => {
    life.child.kill('SIGTERM');
    expect(await life.ended, life.output()).toBe(0);
    await until('it left', async () => (await node())?.state === 'REMOVED');
    expect((await node())?.stateReason).toBe('shutdown');
    expect(await services()).toEqual([]);
    const before = (await node())?.acknowledgedAt ?? '';
    life = live();
    await isRegistered();
    await until('it acknowledged again', async () => ((await node())?.acknowledgedAt ?? '') > before);
    life.child.kill('SIGTERM');
    expect(await life.ended, life.output()).toBe(0);
    await until('it left again', async () => (await node())?.state === 'REMOVED');
    expect(await services()).toEqual([]);
  });

  it('should have said nothing that the gateway rejects or does not know', async () => {
    const counts = await sql(url, 'select sum(rejected)::int as rejected, sum(ignored)::int as ignored from consumer_positions');
    expect(counts).toEqual([{ rejected: 0, ignored: 0 }]);
  });
});
