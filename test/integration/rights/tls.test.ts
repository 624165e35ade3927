import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { startGateway } from '../../../src/gateway.ts';
import { createLog } from '../../../src/log.ts';
import { terminal } from '../../unit/cli/terminal.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway, sql } from '../gateway/running-gateway.ts';
import { speaksTlsAtOnce, speaksTlsWhenAsked } from './secured-servers.ts';
import { startSecuredStack } from './secured-stack.ts';

let stack: Awaited<ReturnType<typeof startSecuredStack>>;

beforeAll(async () => {
  stack = await startSecuredStack();
});

afterAll(async () => {
  await stack?.stop();
});

function environment(different: Record<string, string> = {}): Promise<Record<string, string>> {
  return freshEnvironment({ ...stack.env, ...stack.postgres, SNAPSHOT_FILE: 'none', ...different });
}

/** How many sessions of the gateway's user are encrypted, and how many are not. */
async function sessions() {
  const [row] = await sql(
    stack.database,
    `select count(*) filter (where ssl)::int as secure, count(*) filter (where not ssl)::int as plain
     from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'gateway'`,
  );
  return row;
}

async function inConsul(serviceName: string): Promise<number> {
  const response = await fetch(`http://${stack.agent.host}:${stack.agent.port}/v1/health/service/${serviceName}`);
  return z.array(z.unknown()).parse(await response.json()).length;
}

/** What the doctor says is wrong, one line for each fault. */
async function faults(env: Record<string, string>): Promise<string[]> {
  const { run, written } = terminal({ env, now: Date.now });
  await run('doctor', '--json');
  const finding = z.object({ part: z.string(), level: z.string(), what: z.string(), remedy: z.string().nullable() });
  const { findings } = z.object({ findings: z.array(finding) }).parse(JSON.parse(written.out));
  return findings.filter(({ level }) => level === 'fault').map(({ part, what, remedy }) => `${part}: ${what} → ${remedy}`);
}

/** What a gateway logs, from its start until that is enough. */
async function logged(env: Record<string, string>, isEnough: (lines: string) => boolean): Promise<void> {
  const config = readConfig(env);
  let lines = '';
  const log = createLog('info', config.gatewayId, {
    write: (line) => {
      lines += line;
    },
  });
  const end = new AbortController();
  const starting = startGateway(config, log, end.signal);
  try {
    await until('it says so', () => isEnough(lines), { timeout: 30_000 });
  } catch (error) {
    throw new Error(`the log says only: ${lines}`, { cause: error });
  } finally {
    end.abort();
    const gateway = await starting.catch(() => null);
    await gateway?.stop();
  }
}

describe('over TLS to all three', () => {
  it.each([
    ['the variables of Postgres', () => ({})],
    [
      'sslmode in DATABASE_URL, with the CA in a variable',
      () => ({ POSTGRES_HOST: '', POSTGRES_SSL: '', DATABASE_URL: `${stack.url}?sslmode=verify-full` }),
    ],
  ])('should register a node: %s', async (_what, different) => {
    const env = await environment(different());
    const gateway = await runGateway(env);
    const nodes = await Nodes.connect(readConfig({ ...env, KAFKA_BROKER_URL: stack.broker, KAFKA_SSL: '', KAFKA_SASL_MECHANISM: '' }));
    const nodeId = `tls-${env['KAFKA_ENVIRONMENT']}`;
    try {
      await nodes.announce(announcement(nodeId, { service_name: nodeId }));
      await until('it is registered', async () => (await gateway.client.node(nodeId))?.state === 'REGISTERED', { timeout: 30_000 });
      expect(await inConsul(nodeId)).toBe(1);
      expect(await sql(stack.database, 'select state from node_registrations where node_id = $1', [nodeId])).toEqual([
        { state: 'REGISTERED' },
      ]);
      expect(await sessions()).toEqual({ secure: expect.any(Number), plain: 0 });
      expect(await faults(env)).toEqual([]);
    } finally {
      await nodes.close();
      await gateway.stop();
    }
  });
});

describe('a CA that signed none of the certificates', () => {
  it('should be named in the log, with what to do: Kafka and Consul', async () => {
    const env = await environment({ KAFKA_SSL_CA_FILE: stack.files.strangerCa, CONSUL_CA_FILE: stack.files.strangerCa });
    await logged(env, (lines) =>
      ['Kafka', 'Consul'].every((name) =>
        lines.includes(`the certificate of ${name} is signed by no CA that the gateway trusts: name a file`),
      ),
    );
  });

  it.each([
    ['the variables of Postgres', () => ({})],
    ['DATABASE_URL', () => ({ POSTGRES_HOST: '', POSTGRES_SSL: '', DATABASE_URL: `${stack.url}?sslmode=verify-full` })],
  ])('should be named in the log, with what to do: Postgres, by %s', async (_what, different) => {
    const env = await environment({ ...different(), POSTGRES_SSL_CA_FILE: stack.files.strangerCa });
    await logged(env, (lines) => lines.includes('the certificate of Postgres is signed by no CA that the gateway trusts: name a file'));
  });

  it('should be named by the doctor, for each', async () => {
    const { strangerCa } = stack.files;
    const env = await environment({ KAFKA_SSL_CA_FILE: strangerCa, CONSUL_CA_FILE: strangerCa, POSTGRES_SSL_CA_FILE: strangerCa });
    const remedy = (variable: string) => `→ name a file with the certificate of that CA in ${variable}`;
    expect(await faults(env)).toEqual([
      expect.stringContaining(remedy('KAFKA_SSL_CA_FILE')),
      expect.stringContaining(remedy('CONSUL_CA_FILE')),
      expect.stringContaining(remedy('POSTGRES_SSL_CA_FILE')),
    ]);
  });
});

describe('a certificate of the right CA that is no good', () => {
  it.each([
    ['expired', { until: new Date(Date.now() - 1000) }, 'has expired', 'renew it'],
    ['not valid yet', { from: new Date(Date.now() + 3_600_000) }, 'is not valid yet', 'correct the clock'],
    ['for another name', { names: ['elsewhere.example'] }, 'is for other names', 'write a name that is in the certificate into'],
  ])('should be named by the doctor, for each: %s', async (_what, options, said, remedy) => {
    const identity = stack.authority.identity(options);
    const [direct, asked] = await Promise.all([speaksTlsAtOnce(identity), speaksTlsWhenAsked(identity)]);
    const env = await environment({ KAFKA_BROKER_URL: `127.0.0.1:${direct}`, CONSUL_PORT: String(direct), POSTGRES_PORT: String(asked) });
    expect(await faults(env)).toEqual(
      ['kafka', 'consul', 'postgres'].map((part) => expect.stringMatching(new RegExp(`^${part}: .*${said}.* → ${remedy}`))),
    );
  });
});

describe('plain talk with who speaks TLS', () => {
  const PLAIN = { KAFKA_SSL: '', KAFKA_SSL_CA_FILE: '', CONSUL_SSL: '', CONSUL_CA_FILE: '', POSTGRES_SSL: '', POSTGRES_SSL_CA_FILE: '' };

  it('should be named in the log, with what to do', async () => {
    const { POSTGRES_SSL, POSTGRES_SSL_CA_FILE, ...others } = PLAIN;
    const toBoth = await environment(others);
    await logged(toBoth, (lines) => lines.includes('set CONSUL_SSL=true') && lines.includes('may want TLS (set KAFKA_SSL=true)'));
    const toPostgres = await environment({ POSTGRES_SSL, POSTGRES_SSL_CA_FILE });
    await logged(toPostgres, (lines) => lines.includes('set POSTGRES_SSL=true'));
  });

  it('should be named by the doctor, for each', async () => {
    expect(await faults(await environment(PLAIN))).toEqual([
      expect.stringMatching(/^kafka: .* speaks TLS, and KAFKA_SSL is false → set KAFKA_SSL=true/),
      expect.stringMatching(/^consul: .* speaks TLS, and CONSUL_SSL is false → set CONSUL_SSL=true/),
      expect.stringMatching(/^postgres: .* over TLS only → set POSTGRES_SSL=true/),
    ]);
  });
});
