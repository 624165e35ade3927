import { expect, it } from 'vitest';
import { DiscoveryClient } from '../../../src/client/index.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, healthServer, Nodes, runGateway } from '../gateway/running-gateway.ts';

it('should get its answer from another instance when one dies, and nobody be sent to the dead one long before Consul knows', async () => {
  const gateway = await runGateway(await freshEnvironment({ CONSUL_CHECK_INTERVAL: '30s', CONSUL_SUCCESS_BEFORE_PASSING: '0' }));
  const nodes = await Nodes.connect(gateway.config);
  const servers = [await healthServer(), await healthServer()];
  for (const [index, { endpoints }] of servers.entries()) {
    await nodes.announce(announcement(`fails-${index}`, { endpoints, capabilities: ['failing'] }));
  }
  const clients = [0, 1].map(() => new DiscoveryClient({ url: gateway.client.url, timeout: 60_000 }));
  const [client, other] = clients;
  if (client === undefined || other === undefined) throw new Error('two clients');
  const known = async (of: DiscoveryClient) => (await of.resolveAll('failing')).map(({ nodeId }) => nodeId).join();
  for (const each of clients) {
    await until('both are known', async () => (await known(each)) === 'fails-0,fails-1', { timeout: 60_000 });
  }
  await servers[0]?.close();
  const died = performance.now();
  const answers: string[] = [];
  for (let call = 0; call < 4; call += 1) {
    answers.push(
      await client.call(
        'failing',
        async ({ nodeId, url }) => {
          await fetch(url ?? '');
          return nodeId;
        },
        { attempts: 2 },
      ),
    );
  }
  expect(new Set(answers)).toEqual(new Set(['fails-1']));
  await until('the other client knows', async () => (await known(other)) === 'fails-1', { timeout: 5000 });
  expect(performance.now() - died).toBeLessThan(5000);
  expect((await gateway.client.node('fails-0'))?.state).toBe('REGISTERED');
  for (const each of clients) await each.close();
  await nodes.close();
  await servers[1]?.close();
  await gateway.stop();
}, 180_000);
