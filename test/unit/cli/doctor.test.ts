import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCa } from '../../../src/cli/doctor/ca-file.ts';
import { checkConfiguration } from '../../../src/cli/doctor/configuration.ts';
import { contradictions } from '../../../src/cli/doctor/contradictions.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { checkGateway } from '../../../src/cli/doctor/gateway.ts';
import { misspelled } from '../../../src/cli/doctor/misspelled.ts';
import { checkPort } from '../../../src/cli/doctor/port.ts';
import { tlsTroubleOf, troubleOf } from '../../../src/cli/doctor/reach.ts';
import { checkSnapshot } from '../../../src/cli/doctor/snapshot.ts';
import { CONSUL_TLS, KAFKA_TLS } from '../../../src/tls-fault.ts';
import { HEALTHY, startServer } from '../http/running-server.ts';

const told = (findings: readonly Finding[]) =>
  findings.map(({ level, what, remedy }) => `${level} ${what}${remedy === null ? '' : ` → ${remedy}`}`);
const WHOLE = { KAFKA_BROKER_URL: '127.0.0.1:9092', CONSUL_HOST: '127.0.0.1', DATABASE_URL: 'postgres://me@127.0.0.1/db', HOME: '/tmp' };

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'dgw-doctor-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('the configuration', () => {
  it('should be whole', () => {
    expect(told(checkConfiguration(WHOLE).findings)).toEqual(['ok the variables are whole and fit together']);
  });

  it('should leave what is right to be looked at, whatever else is wrong', () => {
    const { findings, kafka, consul, postgres, snapshotFile } = checkConfiguration({ ...WHOLE, CONSUL_PORT: 'x', LIMIT_DEPTH: 'deep' });
    expect(findings.map(({ level }) => level)).toEqual(['fault', 'fault']);
    expect([kafka?.brokers, consul, postgres?.url, snapshotFile]).toEqual([['127.0.0.1:9092'], null, WHOLE.DATABASE_URL, undefined]);
  });

  it.each([
    [{ POSTGRES_DATABASE: 'a', POSTGRES_DB: 'b' }, 'fault POSTGRES_DATABASE=a and POSTGRES_DB=b name two databases'],
    [{ DATABASE_URL: 'postgres://me@db:5433/x', POSTGRES_PORT: '5432' }, 'fault DATABASE_URL has "5433" where POSTGRES_PORT says "5432"'],
    [{ CONSUL_HOST: 'a', CONSUL_HTTP_ADDR: 'http://b:8500' }, 'warning CONSUL_HTTP_ADDR is "http://b:8500", and the gateway asks a:8500'],
    [{ CONSUL_CA_FILE: '/ca.pem' }, 'warning CONSUL_CA_FILE is set, and CONSUL_SSL is not true'],
    [{ KAFKA_SASL_PASSWORD: 'secret' }, 'warning KAFKA_SASL_PASSWORD is set, and KAFKA_SASL_MECHANISM is not'],
  ])('should name variables that cannot both be meant: %j', (present, expected) => {
    const [only, ...more] = told(contradictions(present));
    expect(only).toContain(expected);
    expect([more, only?.includes('secret')]).toEqual([[], false]);
  });

  it('should not mind variables that agree', () => {
    const same = {
      DATABASE_URL: 'postgres://me:pw@db/x',
      POSTGRES_HOST: 'db',
      POSTGRES_PORT: '5432',
      POSTGRES_DB: 'x',
      POSTGRES_USER: 'me',
    };
    const consul = { CONSUL_HOST: 'a', CONSUL_HTTP_ADDR: 'https://a:8500/' };
    expect(contradictions({ ...same, ...consul, KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: '/ca' })).toEqual([]);
  });

  it('should take the CA file of Postgres for used where the URL asks for TLS', () => {
    const file = { POSTGRES_SSL_CA_FILE: '/ca.pem' };
    expect(contradictions({ ...file, DATABASE_URL: 'postgres://me@db/x?sslmode=verify-full' })).toEqual([]);
    expect(told(contradictions({ ...file, DATABASE_URL: 'postgres://me@db/x?sslmode=disable' }))).toEqual([
      expect.stringContaining('POSTGRES_SSL_CA_FILE is set, and POSTGRES_SSL is not true'),
    ]);
  });

  it('should name variables that are misspelled, and no others', () => {
    const known = ['KAFKA_BROKER_URL', 'CONSUL_HOST'];
    expect(told(misspelled({ KAFKA_BROKERS_URL: 'x', CONSUL_HOST: 'y', CONSUL_HOSTS: 'z', HOME: '/' }, known))).toEqual([
      'warning KAFKA_BROKERS_URL is set, and the gateway reads no such variable → did you mean KAFKA_BROKER_URL?',
    ]);
  });

  it('should name a file of certificates that is none', async () => {
    const path = join(await folder(), 'ca.pem');
    await writeFile(path, 'nothing');
    expect(readCa(CONSUL_TLS, path, Date.now()).fault?.what).toContain(`CONSUL_CA_FILE: ${path} cannot be used`);
    expect(readCa(CONSUL_TLS, null, Date.now()).fault).toBeNull();
  });
});

describe('the snapshot', () => {
  const check = (path: string | null) => checkSnapshot(path, 'dev', Date.now);

  it('should be tried without a trace', async () => {
    const home = await folder();
    expect(told(await check(join(home, 'deep', 'down', 'snapshot')))).toEqual([expect.stringMatching(/^ok .*snapshot can be written/)]);
    expect(await readdir(home)).toEqual([]);
  });

  it('should be named where it cannot be written, or would replace something else', async () => {
    const home = await folder();
    await writeFile(join(home, 'file'), 'text of somebody else\n');
    await mkdir(join(home, 'folder'));
    expect(told(await check(join(home, 'file', 'snapshot')))[0]).toMatch(/^fault SNAPSHOT_FILE: .* cannot be written/);
    expect(told(await check(join(home, 'folder')))[0]).toMatch(/^fault SNAPSHOT_FILE: .* is a folder/);
    expect(told(await check(join(home, 'file')))[1]).toMatch(/^warning the file that is there is no snapshot of this gateway/);
    expect(told(await check(null))[0]).toMatch(/^warning there is no snapshot/);
  });
});

describe('the port', () => {
  const config = checkConfiguration(WHOLE).http;

  async function check(host: string, port: number, consulHost = '127.0.0.1') {
    if (config === null) throw new Error('no configuration');
    const { findings, isTaken } = await checkPort({ ...config, host, port }, consulHost);
    return { isTaken, told: told(findings) };
  }

  it('should be free, taken, or of another machine', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await check('127.0.0.1', port)).toEqual({ isTaken: true, told: [] });
    expect((await check('127.0.0.1', 0)).told).toEqual(['ok SERVICE_PORT is 0: the gateway takes a free one']);
    expect((await check('192.0.2.1', 8080)).told[0]).toMatch(/^fault the gateway cannot listen on 192\.0\.2\.1:8080/);
    expect((await check('127.0.0.1', 0, 'consul.example')).told[0]).toMatch(
      /^warning Consul at consul\.example is told to check this gateway at 127\.0\.0\.1/,
    );
  });
});

describe('the gateway', () => {
  const NOBODY = { environment: null, registryId: null };

  it('should be healthy, and answer', async () => {
    const { url } = await startServer();
    expect(told(await checkGateway({ base: url, token: null }, { environment: 'test', registryId: 'gateway-1' }, Date.now))).toEqual([
      `ok the gateway at ${url} is healthy`,
      'ok it answers GraphQL without a token: 0 nodes are known',
    ]);
  });

  it('should be of this environment, and of this registry', async () => {
    const { url } = await startServer();
    const [environment, registry] = told(
      await checkGateway({ base: url, token: null }, { environment: 'dev', registryId: 'r-2' }, Date.now),
    );
    expect(environment).toMatch(/^fault .* is of the environment "test", and KAFKA_ENVIRONMENT here is "dev"/);
    expect(registry).toMatch(/^fault .* serves registry gateway-1, and the database configured here holds registry r-2/);
  });

  it('should say what it lacks', async () => {
    const { url, setHealth } = await startServer();
    const away = { ...HEALTHY.backends.consul, available: false };
    setHealth({
      ...HEALTHY,
      stale: true,
      consumerTaskRunning: false,
      consumerWaitsFor: ['consul'],
      backends: { ...HEALTHY.backends, consul: away },
    });
    expect(told(await checkGateway({ base: url, token: null }, NOBODY, Date.now))[0]).toMatch(
      /^warning .* is degraded: it cannot reach consul, what it answers may be old, it consumes nothing, its consumer waits for consul/,
    );
    setHealth({ ...HEALTHY, ready: false });
    expect(told(await checkGateway({ base: url, token: null }, NOBODY, Date.now))[0]).toMatch(/^fault .* is unhealthy.* it is not ready/);
  });

  it('should have a clock like this one', async () => {
    const { url } = await startServer();
    const findings = await checkGateway({ base: url, token: null }, NOBODY, () => Date.now() + 60_000);
    expect(told(findings)[1]).toMatch(/^warning the clock of the gateway is (59|60|61) s behind/);
  });
});

it.each([
  ['ECONNREFUSED', 'refused'],
  ['ENOTFOUND', 'name'],
  ['EAI_AGAIN', 'name'],
  ['ETIMEDOUT', 'silent'],
  ['EHOSTUNREACH', 'other'],
])('should understand %s', (code, kind) => {
  expect(troubleOf(Object.assign(new Error('x'), { code }), 'a:1').kind).toBe(kind);
});

it.each([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'plain'],
  ['ECONNRESET', 'plain'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
  ['CERT_HAS_EXPIRED', 'certificate'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate'],
  ['ERR_SSL_NO_CIPHERS_AVAILABLE', 'other'],
])('should understand %s of a handshake', (code, kind) => {
  expect(tlsTroubleOf(Object.assign(new Error('x'), { code }), 'a:1', KAFKA_TLS).kind).toBe(kind);
});
