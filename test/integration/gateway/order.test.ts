import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../until.ts';
import {
  announcement,
  consul,
  freshEnvironment,
  healthServer,
  Nodes,
  ownServices,
  type RunningGateway,
  runGateway,
  sql,
} from './running-gateway.ts';
import { agreement } from './truth.ts';

describe('the order of what one node says', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let url: string;
  let registryId: string;
  const servers: Awaited<ReturnType<typeof healthServer>>[] = [];

  beforeAll(async () => {
    const env = await freshEnvironment();
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    registryId = z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
    servers.push(await healthServer(), await healthServer());
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const services = () => ownServices(gateway.config, registryId);
  const told = (nodeId: string) => gateway.lines.filter((line) => line['nodeId'] === nodeId && line['outcome'] !== undefined);

  /** Sends one message of the node and returns what became of it. */
  async function say(nodeId: string, message: object, partition?: number): Promise<unknown> {
    const before = told(nodeId).length;
    await nodes.send(nodes.topic('introspection'), {
      value: announcement(nodeId, message),
      ...(partition === undefined ? {} : { partition }),
    });
    await until(`another message of ${nodeId} is worked off`, () => told(nodeId).length > before);
    return told(nodeId).at(-1)?.['outcome'];
  }

  /** Once memory has caught up with what is stored. */
  const shows = (nodeId: string, wanted: object) =>
    until(`${nodeId} shows ${JSON.stringify(wanted)}`, async () => {
      expect(await gateway.client.node(nodeId)).toMatchObject(wanted);
      return true;
    });

  it('should let a goodbye win over a startup of the same time, whichever is read first', async () => {
    const same = { timestamp: at(0) };
    expect(await say('tie-1', same)).toBe('applied');
    expect(await say('tie-1', { ...same, reason: 'shutdown' })).toBe('applied');
    expect(await say('tie-1', same)).toBe('superseded');
    await shows('tie-1', { state: 'REMOVED' });
    expect(await say('tie-2', { ...same, reason: 'shutdown' })).toBe('applied');
    expect(await say('tie-2', same)).toBe('superseded');
    expect((await services()).has('effect-tie-2')).toBe(false);
  });

  it('should remember the goodbye of a node that it never knew, and log it only when it comes', async () => {
    expect(await say('tomb-1', { reason: 'shutdown', timestamp: at(0) })).toBe('applied');
    expect(await say('tomb-1', { timestamp: at(-30) })).toBe('superseded');
    expect(await gateway.client.changes('tomb-1')).toEqual([]);
    expect(await say('tomb-1', { timestamp: at(1) })).toBe('applied');
    await shows('tomb-1', { state: 'REGISTERED' });
    expect(await gateway.client.changes('tomb-1')).toMatchObject([{ type: 'ADDED' }]);
  });

  it('should judge by what is said and not by where it lies in Kafka', async () => {
    for (const [partition, seconds, outcome] of [
      [2, 20, 'applied'],
      [0, 0, 'superseded'],
      [1, 10, 'superseded'],
      [0, 21, 'applied'],
    ] as const) {
      expect(await say('spread-1', { timestamp: at(seconds), node_version: `1.0.${seconds}` }, partition)).toBe(outcome);
    }
    expect(await sql(url, `select node_version from node_registrations where node_id = 'spread-1'`)).toEqual([{ node_version: '1.0.21' }]);
  });

  it('should let a clock that is an hour ahead lock nobody out, and bring nobody back', async () => {
    const early = { timestamp: at(3600) };
    expect(await say('ahead-1', early)).toBe('applied');
    expect(await say('ahead-1', { timestamp: at(3601), node_version: '2.0.0' })).toBe('applied');
    expect(await say('ahead-1', early)).toBe('superseded');
    expect(await say('ahead-1', { timestamp: at(3602), reason: 'shutdown' })).toBe('applied');
    expect(await say('ahead-1', early)).toBe('superseded');
    // The clock was set right meanwhile.
    expect(await say('ahead-1', { timestamp: at(1), node_version: '3.0.0' })).toBe('applied');
    await shows('ahead-1', { state: 'REGISTERED' });
  });

  it('should keep an earlier life out once an epoch is known, though messages without one come between', async () => {
    expect(await say('lives-1', { epoch: 5, timestamp: at(0) })).toBe('applied');
    expect(await say('lives-1', { timestamp: at(10), node_version: '5.1.0' })).toBe('applied');
    expect(await say('lives-1', { epoch: 4, timestamp: at(20), node_version: '4.0.0' })).toBe('superseded');
    expect(await say('lives-1', { epoch: 6, timestamp: at(-20), node_version: '6.0.0' })).toBe('applied');
  });

  it('should replace an instance by the next, and not let the old one say goodbye for it', async () => {
    const [first, second] = servers;
    const standing = async () => [...(await services()).keys()].filter((id) => id.startsWith('effect-rolling'));
    expect(await say('rolling', { instance_id: 'a', endpoints: first?.endpoints, timestamp: at(0) })).toBe('applied');
    expect(await standing()).toEqual([expect.stringMatching(/^effect-rolling-a-/)]);
    expect(await say('rolling', { instance_id: 'b', endpoints: second?.endpoints, timestamp: at(1) })).toBe('applied');
    expect(await standing()).toEqual([expect.stringMatching(/^effect-rolling-b-/)]);
    expect(await say('rolling', { instance_id: 'a', reason: 'shutdown', timestamp: at(2) })).toBe('superseded');
    await shows('rolling', { state: 'REGISTERED', consulServiceId: (await standing())[0] });
    expect(await say('rolling', { instance_id: 'b', reason: 'shutdown', timestamp: at(3) })).toBe('applied');
    await shows('rolling', { state: 'REMOVED' });
  });

  it('should carry a new service name, address and endpoint into Consul, with the check that belongs to it', async () => {
    const [first, second] = servers;
    const checks = z.array(z.object({ Checks: z.array(z.object({ ServiceID: z.string(), Status: z.string(), Output: z.string() })) }));
    const checkOf = async (name: string) =>
      checks
        .parse(await consul(gateway.config, `/health/service/${name}`))
        .flatMap(({ Checks }) => Checks)
        .filter(({ ServiceID }) => ServiceID === 'effect-moving-1');
    const name = (suffix: string) => `${gateway.config.environment}-${suffix}`;
    expect(await say('moving-1', { service_name: name('old'), endpoints: first?.endpoints, timestamp: at(0) })).toBe('applied');
    expect(await checkOf(name('old'))).toMatchObject([{ Status: 'passing' }]);
    expect(await say('moving-1', { service_name: name('new'), endpoints: second?.endpoints, timestamp: at(1) })).toBe('applied');
    expect(await checkOf(name('old'))).toEqual([]);
    expect(await checkOf(name('new'))).toMatchObject([{ Status: 'passing' }]);
    const agent = z.object({ Port: z.number() }).parse(await consul(gateway.config, '/agent/service/effect-moving-1'));
    expect(agent.Port).toBe(second?.port);
    // To where nobody answers: no client may be sent there for the 30 s until Consul looks.
    expect(await say('moving-1', { service_name: name('new'), endpoints: { health: 'http://127.0.0.1:1/' }, timestamp: at(2) })).toBe(
      'applied',
    );
    expect(await checkOf(name('new'))).toMatchObject([{ Status: 'critical' }]);
    await shows('moving-1', { health: 'UNHEALTHY' });
    expect(await say('moving-1', { service_name: name('new'), timestamp: at(3) })).toBe('applied');
    expect(await checkOf(name('new'))).toEqual([]);
  });

  it('should agree in the end', async () => {
    await agreement(gateway.config, url, [gateway.client]);
  });
});
