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

describe('one announcement, one saga', () => {
  let gateway: RunningGateway;
  let nodes: Nodes;
  let server: Awaited<ReturnType<typeof healthServer>>;
  let url: string;
  let registryId: string;

  const registered = (nodeId: string) =>
    until(`${nodeId} is registered`, async () => (await gateway.client.node(nodeId))?.state === 'REGISTERED');
  const told = (nodeId: string, outcome: string) =>
    gateway.lines.filter((line) => line['nodeId'] === nodeId && line['outcome'] === outcome).length;
  const services = () => ownServices(gateway.config, registryId);
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

  beforeAll(async () => {
    // Consul refuses an unspecified address, which the gateway's own rules would not let so far.
    const env = await freshEnvironment({ ENDPOINT_DENY: 'none' });
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

  it('should supersede what is older than what is stored', async () => {
    await nodes.announce(announcement('old-1', { timestamp: at(0), node_version: '2.0.0' }));
    await registered('old-1');
    await nodes.announce(announcement('old-1', { timestamp: at(-60), node_version: '1.0.0' }));
    await until('it is superseded', () => told('old-1', 'superseded') === 1);
    expect(await sql(url, `select node_version from node_registrations where node_id = 'old-1'`)).toEqual([{ node_version: '2.0.0' }]);
  });

  it('should let a higher epoch win over a later time, and a lower one lose', async () => {
    await nodes.announce(announcement('epoch-1', { epoch: 5, timestamp: at(0), node_version: '5.0.0' }));
    await registered('epoch-1');
    await nodes.announce(announcement('epoch-1', { epoch: 4, timestamp: at(30), node_version: '4.0.0' }));
    await nodes.announce(announcement('epoch-1', { epoch: 6, timestamp: at(-30), node_version: '6.0.0' }));
    await until(
      'epoch 6 is stored',
      async () => (await sql(url, `select epoch from node_registrations where node_id = 'epoch-1' and epoch = 6`)).length === 1,
    );
    await until('epoch 4 was superseded', () => told('epoch-1', 'superseded') === 1);
  });

  it('should touch neither Consul nor the log for unchanged content', async () => {
    await nodes.announce(
      announcement('same-1', { endpoints: server.endpoints, current_state: { active: 1 }, metadata: { uptime_seconds: 1 } }),
    );
    await registered('same-1');
    const index = async () =>
      z
        .array(z.object({ ServiceID: z.string(), ModifyIndex: z.number() }))
        .parse(await consul(gateway.config, '/catalog/service/effect-service'))
        .find(({ ServiceID }) => ServiceID === 'effect-same-1')?.ModifyIndex;
    const before = await index();
    await nodes.announce(
      announcement('same-1', {
        endpoints: server.endpoints,
        current_state: { active: 2 },
        metadata: { uptime_seconds: 31 },
        reason: 'periodic',
        timestamp: at(1),
      }),
    );
    await until('it is consumed', () => told('same-1', 'unchanged') === 1);
    expect(await index()).toBe(before);
    expect(await gateway.client.changes('same-1')).toHaveLength(1);
    await until('its state is renewed', async () => {
      const { data } = await gateway.client.ask('{ nodeById(nodeId: "same-1") { currentState } }');
      return JSON.stringify(data).includes('"active":2');
    });
  });

  it('should carry a change of capabilities into Consul, Postgres and the log', async () => {
    await nodes.announce(announcement('cap-1', { capabilities: ['a'] }));
    await registered('cap-1');
    await nodes.announce(announcement('cap-1', { capabilities: ['a', 'b'], reason: 'capability_change', timestamp: at(1) }));
    await until('it shows', async () => (await gateway.client.node('cap-1'))?.capabilities.join() === 'a,b');
    expect((await services()).get('effect-cap-1')?.Tags).toEqual(expect.arrayContaining(['a', 'b']));
    expect(
      await sql(url, `select capability_names from node_registrations where capability_names @> '{b}' and node_id = 'cap-1'`),
    ).toHaveLength(1);
    expect(await gateway.client.changes('cap-1')).toMatchObject([{ type: 'ADDED' }, { type: 'MODIFIED', reason: 'capability_change' }]);
  });

  it('should replace the service in Consul when the type changes', async () => {
    await nodes.announce(announcement('type-1', { node_type: 'compute' }));
    await registered('type-1');
    await nodes.announce(announcement('type-1', { node_type: 'reducer', timestamp: at(1) }));
    await until('the new service stands, and the old one is gone', async () => {
      const now = await services();
      return now.has('reducer-type-1') && !now.has('compute-type-1');
    });
  });

  it.each([
    ['a goodbye', 'bye-1', () => ({ value: announcement('bye-1', { reason: 'shutdown', timestamp: at(1) }) })],
    ['a null value', 'bye-2', () => ({ key: 'bye-2', value: null })],
  ])('should take a node out by %s, and a replay should not bring it back', async (_name, nodeId, message) => {
    const first = announcement(nodeId);
    await nodes.announce(first);
    await registered(nodeId);
    await nodes.send(nodes.topic('introspection'), message());
    await until('it is removed', async () => (await gateway.client.node(nodeId))?.state === 'REMOVED');
    expect((await services()).has(`effect-${nodeId}`)).toBe(false);
    await nodes.announce(first);
    await until('the replay is superseded', () => told(nodeId, 'superseded') === 1);
    expect((await gateway.client.node(nodeId))?.state).toBe('REMOVED');
    await nodes.announce(announcement(nodeId, { timestamp: at(5), reason: 'periodic' }));
    await registered(nodeId);
  });

  it('should let only a startup or an answer to an operator undo a deregistration', async () => {
    await nodes.announce(announcement('op-1'));
    await registered('op-1');
    const { data } = await gateway.client.ask(
      'mutation { deregister(nodeId: "op-1") { correlationId cursor node { state } } }',
      {},
      { 'x-operator': 'mallory' },
    );
    expect(data).toMatchObject({ deregister: { node: { state: 'REMOVED' } } });
    expect((await services()).has('effect-op-1')).toBe(false);
    expect(await gateway.client.changes('op-1')).toMatchObject([{ type: 'ADDED' }, { type: 'REMOVED', reason: 'operator' }]);
    await nodes.announce(announcement('op-1', { reason: 'periodic', timestamp: at(1) }));
    await until('it stays out', () => told('op-1', 'superseded') === 1);
    const asked = await gateway.client.get(
      z.object({ correlationId: z.string() }),
      'requestIntrospection',
      'mutation { requestIntrospection(nodeId: "op-1") { correlationId } }',
    );
    await nodes.announce(announcement('op-1', { reason: 'registry_request', correlation_id: asked.correlationId, timestamp: at(2) }));
    await registered('op-1');
    await gateway.client.ask('mutation { deregister(nodeId: "op-1") { cursor } }');
    await nodes.announce(announcement('op-1', { timestamp: at(3) }));
    await registered('op-1');
  });

  it('should put Consul back to the previous registration while Postgres refuses, and go on with the others', async () => {
    await nodes.announce(announcement('comp-1', { capabilities: ['before'] }));
    await registered('comp-1');
    await sql(
      url,
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.node_id in ('comp-1', 'comp-2') then raise exception 'not now'; end if; return new; end $$;
       create trigger refuse before insert or update on node_registrations for each row execute function refuse()`,
    );
    await nodes.announce(
      announcement('comp-1', { capabilities: ['after'], timestamp: at(1) }),
      announcement('comp-2'),
      announcement('comp-3'),
    );
    await until('it was compensated', () =>
      gateway.lines.some(({ msg, nodeId }) => msg === 'put Consul back to what is stored' && nodeId === 'comp-1'),
    );
    await until('Consul says what is stored, between two tries', async () => {
      const now = await services();
      return now.get('effect-comp-1')?.Tags.includes('before') && !now.has('effect-comp-2');
    });
    await sql(url, 'drop trigger refuse on node_registrations');
    await until('all are registered', async () => {
      const now = await services();
      return now.get('effect-comp-1')?.Tags.includes('after') && now.has('effect-comp-2') && now.has('effect-comp-3');
    });
    await registered('comp-2');
    await registered('comp-3');
    // Consul comes first: the log may follow a moment later.
    await until('the log has it', async () => (await gateway.client.changes('comp-1')).length === 2);
    expect(await gateway.client.changes('comp-1')).toMatchObject([{ type: 'ADDED' }, { type: 'MODIFIED' }]);
  });

  it('should dead-letter what Consul refuses, and go on', async () => {
    await nodes.announce(announcement('zero-1', { endpoints: { api: 'http://0.0.0.0:8080' } }), announcement('zero-2'));
    await registered('zero-2');
    const rejected = await until('it is rejected', async () => {
      const { data } = await gateway.client.ask('{ rejectedEvents { errorType reason } }');
      return JSON.stringify(data).includes('REFUSED_BY_CONSUL') && data;
    });
    expect(JSON.stringify(rejected)).toContain('Invalid service address');
    expect(await gateway.client.node('zero-1')).toBeNull();
  });
});
