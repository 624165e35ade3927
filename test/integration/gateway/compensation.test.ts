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
import { agreement, everythingIsCounted } from './truth.ts';

/** When Postgres says no, and with which SQLSTATE: P0001 may pass, a check violation (23514) never does. */
const REFUSALS = {
  now: { trigger: 'trigger refuse before insert or update', deferred: '', code: 'P0001' },
  atCommit: { trigger: 'constraint trigger refuse after insert or update', deferred: 'deferrable initially deferred', code: 'P0001' },
  forGood: { trigger: 'trigger refuse before insert or update', deferred: '', code: '23514' },
} as const;

describe('compensation: Postgres refuses what Consul has taken already', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;
  let url: string;
  let registryId: string;

  beforeAll(async () => {
    const env = await freshEnvironment();
    url = env['DATABASE_URL'] ?? '';
    gateway = await runGateway(env);
    nodes = await Nodes.connect(gateway.config);
    server = await healthServer();
    registryId = z.string().parse((await sql(url, 'select registry_id::text as id from registry'))[0]?.['id']);
  });

  afterAll(async () => {
    await nodes?.close();
    await gateway?.stop();
    await server?.close();
  });

  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const services = () => ownServices(gateway.config, registryId);
  const registered = (nodeId: string) =>
    until(`${nodeId} is registered`, async () => (await gateway.client.node(nodeId))?.state === 'REGISTERED');
  const compensations = (nodeId: string) =>
    gateway.lines.filter((line) => line['msg'] === 'put Consul back to what is stored' && line['nodeId'] === nodeId).length;

  /** While `work` runs, no row of the node can be written. */
  async function whileRefusing(how: keyof typeof REFUSALS, nodeId: string, work: () => Promise<void>): Promise<void> {
    const { trigger, deferred, code } = REFUSALS[how];
    await sql(
      url,
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.node_id = '${nodeId}' then raise exception 'refused by the test' using errcode = '${code}'; end if; return new; end $$;
       create ${trigger} on node_registrations ${deferred} for each row execute function refuse()`,
    );
    try {
      await work();
    } finally {
      await sql(url, 'drop function refuse cascade');
    }
  }

  it.each(['now', 'atCommit'] as const)('should take a first registration out of Consul again (%s), and bring it in later', async (how) => {
    const [refused, other] = [`first-${how}`, `beside-${how}`];
    await whileRefusing(how, refused, async () => {
      await nodes.announce(announcement(refused), announcement(other));
      await until('it was compensated', () => compensations(refused) > 0);
      await until('between two tries it does not stand', async () => !(await services()).has(`effect-${refused}`));
      expect(await gateway.client.node(refused)).toBeNull();
      expect(await gateway.client.changes(refused)).toEqual([]);
    });
    await registered(refused);
    await registered(other);
    expect(await gateway.client.changes(refused)).toMatchObject([{ type: 'ADDED' }]);
    await agreement(gateway.config, url, [gateway.client]);
  });

  it('should put the old service back, and the new one out, when a node changed its type', async () => {
    await nodes.announce(announcement('retyped', { node_type: 'compute', endpoints: server.endpoints }));
    await registered('retyped');
    await whileRefusing('atCommit', 'retyped', async () => {
      await nodes.announce(announcement('retyped', { node_type: 'reducer', endpoints: server.endpoints, timestamp: at(1) }));
      await until('it was compensated', () => compensations('retyped') > 0);
      await until('the old service stands alone', async () => {
        const now = await services();
        return now.has('compute-retyped') && !now.has('reducer-retyped');
      });
      const checks = z.array(z.object({ ServiceID: z.string(), Status: z.string() }));
      const standing = checks.parse(await consul(gateway.config, '/health/checks/compute-service'));
      expect(standing.find(({ ServiceID }) => ServiceID === 'compute-retyped')?.Status).toBe('passing');
      expect((await gateway.client.node('retyped'))?.type).toBe('compute');
    });
    await until('the new service stands', async () => (await services()).has('reducer-retyped'));
    await agreement(gateway.config, url, [gateway.client]);
  });

  it('should put a service back when a goodbye could not be written, and take it out when it could', async () => {
    await nodes.announce(announcement('leaving', { endpoints: server.endpoints }));
    await registered('leaving');
    await whileRefusing('now', 'leaving', async () => {
      await nodes.announce(announcement('leaving', { reason: 'shutdown', timestamp: at(1) }));
      await until('it was compensated', () => compensations('leaving') > 0);
      await until('it stands again', async () => (await services()).has('effect-leaving'));
      expect((await gateway.client.node('leaving'))?.state).toBe('REGISTERED');
    });
    await until('it left', async () => (await gateway.client.node('leaving'))?.state === 'REMOVED');
    expect(await gateway.client.changes('leaving')).toMatchObject([{ type: 'ADDED' }, { type: 'REMOVED', reason: 'shutdown' }]);
    await agreement(gateway.config, url, [gateway.client]);
  });

  it('should tell an operator whose removal could not be written, and put the service back', async () => {
    await nodes.announce(announcement('kept', { endpoints: server.endpoints }));
    await registered('kept');
    await whileRefusing('now', 'kept', async () => {
      const { errors } = await gateway.client.ask('mutation { deregister(nodeId: "kept") { cursor } }');
      expect(errors).toMatchObject([{ extensions: { code: 'BACKEND_UNAVAILABLE' } }]);
      expect(JSON.stringify(errors)).not.toContain('refused by the test');
      await until('it stands again', async () => (await services()).has('effect-kept'));
    });
    expect((await gateway.client.node('kept'))?.state).toBe('REGISTERED');
    await agreement(gateway.config, url, [gateway.client]);
  });

  it('should dead-letter what Postgres refuses for good, alone, and leave Consul as it was', async () => {
    await nodes.announce(announcement('poison', { capabilities: ['before'] }));
    await registered('poison');
    await whileRefusing('forGood', 'poison', async () => {
      await nodes.announce(
        announcement('poison-before'),
        announcement('poison', { capabilities: ['after'], timestamp: at(1), correlation_id: 'poisoned' }),
        announcement('poison-after'),
      );
      await registered('poison-before');
      await registered('poison-after');
      const shape = z.array(z.object({ errorType: z.string(), reason: z.string(), correlationId: z.string().nullable() }));
      const rejected = await until('it is rejected', async () => {
        const events = await gateway.client.get(shape, 'rejectedEvents', '{ rejectedEvents { errorType reason correlationId } }');
        return events.find(({ correlationId }) => correlationId === 'poisoned');
      });
      expect(rejected).toMatchObject({ errorType: 'REFUSED_BY_POSTGRES', reason: expect.stringContaining('23514') });
      expect((await services()).get('effect-poison')?.Tags).toContain('before');
    });
    await everythingIsCounted(nodes.kafka, gateway.config, url);
    expect((await gateway.client.node('poison'))?.capabilities).toEqual(['before']);
    await agreement(gateway.config, url, [gateway.client]);
  });
});
