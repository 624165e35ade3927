import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnnouncedService, type ServiceEvent } from '../../../src/cli/announce/announced-service.ts';
import { Child } from '../../../src/cli/announce/child.ts';
import { nodeOptions } from '../../../src/cli/announce/node-options.ts';
import { until } from '../../until.ts';
import { FakeKafka } from '../node/fake-kafka.ts';
import { terminal } from './terminal.ts';

/** A service whose health can be switched; 0: it hangs up. */
async function startService(status = 200) {
  let current = status;
  const server = createServer((request, response) => {
    if (current === 0) request.socket.destroy();
    else response.writeHead(current).end('said');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/health`,
    answer: (next: number) => {
      current = next;
    },
  };
}

function announce(healthUrl: string | null, { patience = 5000 } = {}) {
  const kafka = new FakeKafka();
  const events: ServiceEvent[] = [];
  const ending = new AbortController();
  const service = new AnnouncedService({
    node: { kafka, nodeType: 'effect', nodeId: 'orders-1', capabilities: ['query'], heartbeatInterval: 20, acknowledge: false },
    healthUrl,
    healthInterval: 20,
    patience,
    tell: (event) => events.push(event),
  });
  const ended = service.run(ending.signal);
  onTestFinished(async () => {
    ending.abort();
    await ended;
  });
  return { kafka, events: () => events.map(({ event, health }) => `${event} ${health}`), ending, ended };
}

describe('an announced service', () => {
  it('should be announced when it answers, and be said to go', async () => {
    const service = await startService(503);
    const { kafka, events, ending, ended } = announce(service.url);
    await until('it waits', () => events().length === 1);
    service.answer(200);
    await until('it heartbeats', () => kafka.sent.some(({ topic }) => topic.includes('heartbeat')));
    ending.abort();
    await ended;
    expect(events()).toEqual(['waiting unhealthy', 'announced healthy', 'gone healthy']);
    const [first, last] = [kafka.sent[0], kafka.sent.at(-1)];
    expect([first?.payload['reason'], first?.payload['node_id']]).toEqual(['startup', 'orders-1']);
    expect(kafka.sent.find(({ topic }) => topic.includes('heartbeat'))?.payload['health_status']).toBe('healthy');
    expect(last?.payload['reason']).toBe('shutdown');
  });

  it('should be told when its health changes, and not for one failure', async () => {
    const service = await startService();
    const { kafka, events } = announce(service.url);
    await until('it is announced', () => events().includes('announced healthy'));
    service.answer(429);
    await until('it is degraded', () => events().includes('health degraded'));
    service.answer(0);
    await until('it is unhealthy', () => events().includes('health unhealthy'));
    service.answer(204);
    await until('it is healthy', () => events().at(-1) === 'health healthy');
    expect(kafka.sent.filter(({ payload }) => payload['reason'] === 'health_change')).toHaveLength(3);
  });

  it('should be announced as it is when it takes too long', async () => {
    const service = await startService(500);
    const { events } = announce(service.url, { patience: 1 });
    await until('it is announced', () => events().includes('announced unhealthy'));
  });

  it('should count as healthy where nobody can look', async () => {
    const { events, ending, ended } = announce(null);
    await until('it is announced', () => events().includes('announced healthy'));
    ending.abort();
    await ended;
    expect(events().at(-1)).toBe('gone healthy');
  });

  it('should not be announced when it is ended before', async () => {
    const service = await startService(500);
    const { kafka, ending, ended, events } = announce(service.url);
    await until('it waits', () => events().length === 1);
    ending.abort();
    await ended;
    expect(kafka.sent).toEqual([]);
  });
});

describe('what is announced', () => {
  const env = { KAFKA_BROKER_URL: 'kafka:9092', KAFKA_ENVIRONMENT: 'prod' };
  const said = { name: 'orders', type: 'effect', capabilities: ['query'], endpoints: { api: 'http://10.0.0.7:85/' } };

  it('should be the same in each life, on the topics of the gateway', () => {
    const { nodeId, topics, environment, kafka } = nodeOptions(said, { ...env, KAFKA_REQUEST_TOPICS: '{env}.ask' });
    expect(nodeId).toMatch(/^orders-.+-85$/);
    expect(nodeOptions({ ...said, nodeId: 'mine' }, env).nodeId).toBe('mine');
    expect(topics).toMatchObject({ introspection: 'prod.omninode_bridge.onex.evt.node-introspection.v1', requests: ['prod.ask'] });
    expect([environment, kafka.brokers]).toEqual(['prod', ['kafka:9092']]);
  });

  it.each([
    [{}, 'KAFKA_BROKER_URL is missing'],
    [{ ...env, KAFKA_SASL_MECHANISM: 'plain' }, 'KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME'],
    [{ ...env, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/nonexistent' }, 'KAFKA_SSL_CA_FILE: the file cannot be read'],
    [{ ...env, SELF_SIGNING_KEY: 'k1' }, 'SELF_SIGNING_KEY names no key'],
  ])('should not be guessed from %j', (variables, message) => {
    expect(() => nodeOptions(said, variables)).toThrow(message);
  });

  it('should be refused on the command line where the gateway would refuse it', async () => {
    const { run, written } = terminal({ env });
    const args = ['announce', '--name', 'orders', '--type', 'effect'];
    expect(await run(...args, '--node-id', ' ')).toBe(2);
    expect(await run(...args, '--endpoint', 'http://10.0.0.7')).toBe(2);
    expect(await run(...args, '--health-interval', 'often')).toBe(2);
    expect(written.err).toMatch(/nodeId must be .*Write name=url, such as api=.*It is no duration above zero/s);
  });
});

describe('a child', () => {
  const start = (code: string) => Child.start([process.execPath, '-e', code], { PATH: process.env['PATH'] });

  it('should end with its exit code, or as shells say of a signal', async () => {
    expect(await (await start('process.exit(7)')).ended).toBe(7);
    const child = await start('setInterval(() => undefined, 1000)');
    child.pass('SIGTERM');
    expect(await child.ended).toBe(143);
  });

  it('should say why it cannot be started', async () => {
    await expect(Child.start(['/nonexistent/program'], {})).rejects.toMatchObject({ exitCode: 127 });
    await expect(Child.start(['/tmp'], {})).rejects.toMatchObject({ exitCode: 126 });
  });
});
