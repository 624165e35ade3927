import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { terminal } from '../../unit/cli/terminal.ts';
import { freshEnvironment, type RunningGateway, runGateway, sql } from '../gateway/running-gateway.ts';
import { freshDatabase } from '../stack.ts';
import { AdvertisingProxy } from './advertising-proxy.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { runCli } from './spawned-cli.ts';

const report = z.object({
  faults: z.number(),
  findings: z.array(z.object({ part: z.string(), level: z.string(), what: z.string(), remedy: z.string().nullable() })),
});

let env: Record<string, string>;
let gateway: RunningGateway;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dgw-doctor-'));
  env = await freshEnvironment({ SNAPSHOT_FILE: join(folder, 'snapshot.ndjson') });
  gateway = await runGateway(env);
}, 120_000);

afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

/** What the doctor says of that set-up but for these variables: undefined takes one out. */
async function examine(different: Readonly<Record<string, string | undefined>> = {}) {
  const merged = Object.entries({ ...env, ...different }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { run, written } = terminal({ env: Object.fromEntries(merged), now: Date.now });
  const code = await run('doctor', '--json');
  const { faults, findings } = report.parse(JSON.parse(written.out));
  const said = (level: string) =>
    findings.filter((finding) => finding.level === level).map(({ part, what, remedy }) => `${part}: ${what} → ${remedy}`);
  return { code, faults, said, fault: said('fault').join('\n'), warning: said('warning').join('\n') };
}

/** Something that listens and is no service of ours. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('should find nothing wrong with a whole set-up, through the real program', async () => {
  const { code, out, err } = await runCli(['doctor'], { ...env, DGW_URL: gateway.client.url });
  expect(err).toBe('');
  expect(out).toMatch(/0 faults, 0 warnings\.\n$/);
  expect(code).toBe(0);
  for (const part of ['configuration', 'kafka', 'consul', 'postgres', 'snapshot', 'port', 'gateway'])
    expect(out).toMatch(new RegExp(`^ok +${part} `, 'm'));
});

describe('a broken set-up', () => {
  const refused = 'nothing listens at 127.0.0.1:9';

  it.each([
    ['a wrong port of Kafka', { KAFKA_BROKER_URL: '127.0.0.1:9' }, `kafka: KAFKA_BROKER_URL: ${refused}`],
    ['a wrong port of Consul', { CONSUL_PORT: '9' }, `consul: ${refused}`],
    [
      'a host of Kafka that does not resolve',
      { KAFKA_BROKER_URL: 'no-such-host.invalid:9092' },
      'kafka: KAFKA_BROKER_URL: the name "no-such-host.invalid" does not resolve',
    ],
    [
      'a host of Consul that does not resolve',
      { CONSUL_HOST: 'no-such-host.invalid' },
      'consul: the name "no-such-host.invalid" does not resolve',
    ],
    ['a broker without a port', { KAFKA_BROKER_URL: 'localhost' }, 'kafka: KAFKA_BROKER_URL: "localhost" has no port'],
    ['TLS to a plain Kafka', { KAFKA_SSL: 'true' }, 'does not speak TLS → set KAFKA_SSL=false'],
    ['TLS to a plain Consul', { CONSUL_SSL: 'true' }, 'does not speak TLS → set CONSUL_SSL=false'],
    ['TLS to a plain Postgres', { POSTGRES_SSL: 'true' }, 'does not speak TLS → set POSTGRES_SSL=false'],
    [
      'a login at a Kafka without',
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'x' },
      'accepts connections, but no login',
    ],
    ['a duration that is none', { RECONCILE_INTERVAL: 'soon' }, 'configuration: RECONCILE_INTERVAL: "soon" is not a duration'],
    [
      'variables that contradict',
      { KAFKA_STALL_TIMEOUT: '10s' },
      'configuration: KAFKA_STALL_TIMEOUT must be longer than KAFKA_SESSION_TIMEOUT',
    ],
    ['another database beside the URL', { POSTGRES_DATABASE: 'other' }, 'where POSTGRES_DATABASE says "other"; the URL counts'],
    [
      'a snapshot where nobody may write',
      { SNAPSHOT_FILE: '/proc/nowhere/snapshot.ndjson' },
      'snapshot: SNAPSHOT_FILE: /proc/nowhere/snapshot.ndjson cannot be written',
    ],
    [
      'a CA file that is not there',
      { KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/nonexistent/ca.pem' },
      'KAFKA_SSL_CA_FILE: the file cannot be read',
    ],
    [
      'topics that nobody creates',
      { KAFKA_ENVIRONMENT: 'nobody', KAFKA_CREATE_TOPICS: 'false' },
      'topics are missing: nobody.omninode_bridge',
    ],
    [
      'an address that is not of this machine',
      { SERVICE_HOST: '192.0.2.1', SERVICE_PORT: '8099', ALLOW_ANONYMOUS: 'true' },
      'port: the gateway cannot listen on 192.0.2.1:8099',
    ],
    ['a gateway of another environment', { KAFKA_ENVIRONMENT: 'other', DGW_URL: 'gateway' }, 'and KAFKA_ENVIRONMENT here is "other"'],
    ['a gateway that is not there', { DGW_URL: 'http://127.0.0.1:9' }, 'gateway: no gateway answers at http://127.0.0.1:9'],
  ])('should be named: %s', async (_what, different: Record<string, string>, expected) => {
    const url = different['DGW_URL'] === 'gateway' ? { DGW_URL: gateway.client.url } : {};
    const { code, fault } = await examine({ ...different, ...url });
    expect(fault).toContain(expected);
    expect(code).toBe(1);
  });

  it('should have every problem named at once', async () => {
    const { faults, fault } = await examine({ KAFKA_BROKER_URL: undefined, CONSUL_PORT: 'http', LIMIT_DEPTH: '-1', SNAPSHOT_FILE: '/' });
    expect(fault).toContain('KAFKA_BROKER_URL is missing');
    expect(fault).toContain('CONSUL_PORT: "http" is not a whole number');
    expect(fault).toContain('LIMIT_DEPTH');
    expect(faults).toBeGreaterThanOrEqual(3);
  });

  it('should be named: each thing that Postgres refuses', async () => {
    const url = new URL(env['DATABASE_URL'] ?? '');
    const at = (different: Partial<URL>) => ({ DATABASE_URL: Object.assign(new URL(url), different).toString() });
    const missing = await examine(at({ pathname: '/never_made' }));
    expect(missing.fault).toMatch(/^postgres: database "never_made" does not exist at .* → create it \(createdb/);
    const wrongPort = await examine(at({ port: '9' }));
    expect(wrongPort.fault).toContain(`postgres: ${refused}`);
    const stranger = await examine(at({ username: 'nobody_of_that_name' }));
    expect(stranger.fault).toContain('does not let "nobody_of_that_name" in');
  });

  it('should be named: a database of a newer version, and one whose user may not create', async () => {
    const database = env['DATABASE_URL'] ?? '';
    const newer = String(Date.now() + 1e12);
    await sql(database, 'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', ['newer', newer]);
    expect((await examine()).fault).toContain('postgres: the database was migrated by a newer version: it has 1 migration');
    await sql(database, 'delete from drizzle.__drizzle_migrations where created_at = $1', [newer]);
    const role = `poor_${Math.random().toString(36).slice(2)}`;
    await sql(database, `create role ${role} login`);
    const poor = new URL(database);
    poor.username = role;
    const { fault } = await examine({ DATABASE_URL: poor.toString() });
    await sql(database, `drop role ${role}`);
    expect(fault).toContain(`${role} may not create tables`);
    expect(fault).toContain(`→ grant create on database`);
  });

  it('should be named: another registry than that of the gateway', async () => {
    const other = await freshDatabase();
    const { warning, fault, said } = await examine({ DATABASE_URL: other, DGW_URL: gateway.client.url });
    expect(said('ok').join('\n')).toContain('postgres: the database is empty');
    expect([warning, fault]).toEqual(['', '']);
  });

  it('should be named: a broker whose advertised address cannot be reached', async () => {
    const proxy = await AdvertisingProxy.before(env['KAFKA_BROKER_URL'] ?? '', 9);
    onTestFinished(() => proxy.close());
    const { fault } = await examine({ KAFKA_BROKER_URL: `127.0.0.1:${proxy.port}` });
    expect(fault).toMatch(/^kafka: broker \d+ advertises 127\.0\.0\.1:9, and from here nothing listens .* → .*advertised\.listeners/);
  });

  it('should be named: plain talk with whoever speaks TLS', async () => {
    const secure = () => createTlsServer({ cert: CERTIFICATE, key: KEY }, (socket) => socket.end());
    const [kafka, consul] = [await listening(secure()), await listening(secure())];
    const { fault } = await examine({ KAFKA_BROKER_URL: `127.0.0.1:${kafka}`, CONSUL_PORT: String(consul) });
    expect(fault).toContain(`127.0.0.1:${kafka} speaks TLS, and KAFKA_SSL is false`);
    expect(fault).toContain(`127.0.0.1:${consul} speaks TLS, and CONSUL_SSL is false`);
    const trusting = await examine({
      KAFKA_BROKER_URL: `127.0.0.1:${kafka}`,
      KAFKA_SSL: 'true',
      CONSUL_PORT: String(consul),
      CONSUL_SSL: 'true',
    });
    expect(trusting.fault).toMatch(/kafka: .*is signed by no CA.* → name a file with the certificate of that CA in KAFKA_SSL_CA_FILE/);
    expect(trusting.fault).toMatch(/consul: .*is signed by no CA.* → name a file with the certificate of that CA in CONSUL_CA_FILE/);
  });

  it('should be named: other services than those meant', async () => {
    const hangingUp = await listening(createServer((socket) => socket.end()));
    const { fault } = await examine({
      KAFKA_BROKER_URL: `127.0.0.1:${hangingUp}`,
      CONSUL_PORT: String(hangingUp),
      DATABASE_URL: `postgres://me@127.0.0.1:${hangingUp}/x`,
      SERVICE_PORT: String(hangingUp),
    });
    expect(fault).toContain('does not answer as Kafka does');
    expect(fault).toContain('does not answer over HTTP');
    expect(fault).toContain('does not answer as Postgres does');
    expect(fault).toContain('gateway: no gateway answers at');
  });

  it('should read a file of variables, and mask what is secret', async () => {
    const path = join(folder, 'variables');
    await writeFile(path, 'DATABASE_URL=postgres://me:secret-word@127.0.0.1:9/x\nKAFKA_BROKER_URL=127.0.0.1:9\n');
    const { run, written } = terminal({ env: { CONSUL_HOST: '127.0.0.1', CONSUL_PORT: '9', SNAPSHOT_FILE: 'none', SERVICE_PORT: '0' } });
    expect(await run('doctor', '--env-file', path)).toBe(1);
    expect(written.out).toContain(`fault    postgres       ${refused}`);
    expect(written.out).not.toContain('secret-word');
    expect(await run('doctor', '--env-file', '/nonexistent')).toBe(2);
  });
});
