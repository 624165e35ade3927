import { afterAll, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { freshEnvironment } from './running-gateway.ts';
import { SpawnedGateways } from './spawned-gateway.ts';

const gateways = new SpawnedGateways();

afterAll(() => gateways.end());

type Gateway = Awaited<ReturnType<SpawnedGateways['ready']>>;

/** The lines of the metrics of this name. */
async function metric({ url }: Gateway, name: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`discovery_gateway_${name}`));
}

const leads = async (gateway: Gateway) => (await metric(gateway, 'leader')).join() === 'discovery_gateway_leader 1';

it('should pass the lead on while the leader is stopped, and not give it back when that goes on', async () => {
  const env = await freshEnvironment();
  const first = await gateways.ready({ ...env, GATEWAY_ID: 'first' });
  await until('the first leads and has reconciled', async () => (await leads(first)) && (await metric(first, 'drift')).length === 4);
  const second = await gateways.ready({ ...env, GATEWAY_ID: 'second' });
  expect([await leads(second), await metric(second, 'drift')]).toEqual([false, []]);
  first.child.kill('SIGSTOP');
  // Postgres ends the session that says nothing for 10 s.
  await until('the second leads and has reconciled', async () => (await leads(second)) && (await metric(second, 'drift')).length === 4, {
    timeout: 30_000,
  });
  first.child.kill('SIGCONT');
  await until('the first knows', async () => !(await leads(first)) && (await metric(first, 'drift')).length === 0);
  await until('it stands again', () => first.output().includes('will stand again'));
  expect(await leads(second)).toBe(true);
}, 120_000);
