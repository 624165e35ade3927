import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../../src/config.ts';
import { consulError } from '../../src/consul/consul-error.ts';
import { BackendError } from '../../src/errors.ts';
import { asBackendError, clientOptions } from '../../src/postgres/database.ts';
import { explained, KAFKA_TLS, tlsFault } from '../../src/tls-fault.ts';
import { CERTIFICATE } from '../integration/cli/certificate.ts';

const ENV = { KAFKA_BROKER_URL: '127.0.0.1:9092', CONSUL_HOST: '127.0.0.1', DATABASE_URL: 'postgres://me@127.0.0.1/db', HOME: '/tmp' };
const failure = (message: string, code?: string, cause?: unknown) => Object.assign(new Error(message, { cause }), { code });

it.each([
  [failure('unable to verify the first certificate'), 'untrusted'],
  [failure('x', 'SELF_SIGNED_CERT_IN_CHAIN'), 'untrusted'],
  [failure('tried 5 times', undefined, failure('x', 'CERT_HAS_EXPIRED')), 'expired'],
  [failure('x', 'CERT_NOT_YET_VALID'), 'early'],
  [failure("Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: "), 'misnamed'],
  [failure('ssl/tls alert certificate required', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'mutual'],
  [failure('x', 'ERR_SSL_WRONG_VERSION_NUMBER'), 'plain'],
  [failure('Client network socket disconnected before secure TLS connection was established', 'ECONNRESET'), 'hangup'],
  ['Client sent an HTTP request to an HTTPS server.', 'secured'],
  [failure('connect ECONNREFUSED', 'ECONNREFUSED'), undefined],
])('should know what is wrong with TLS: %s', (error, kind) => {
  expect(tlsFault(error, KAFKA_TLS)?.kind).toBe(kind);
});

it('should leave other errors as they are', () => {
  expect(explained(failure('connect ECONNREFUSED'), KAFKA_TLS)).toBe('connect ECONNREFUSED');
});

it('should try again what a Consul was asked in plain that speaks TLS: the 400 is not about what was asked', () => {
  const answer = { isResponse: true, response: { statusCode: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' } };
  const error = consulError('register service "x"', Object.assign(new Error('bad request'), answer));
  expect(error).toBeInstanceOf(BackendError);
  expect(error.message).toContain('set CONSUL_SSL=true');
});

it('should say that Postgres wants TLS', () => {
  const said = 'no pg_hba.conf entry for host "10.0.0.1", user "me", database "db", no encryption';
  const error = Object.assign(new pg.DatabaseError(said, said.length, 'error'), { code: '28000' });
  expect(asBackendError(error).message).toBe(
    `Postgres: Postgres takes no connection without TLS there: set POSTGRES_SSL=true, and POSTGRES_SSL_CA_FILE where the CA is your own (${said})`,
  );
});

it('should name a CA file that cannot be used before anything is connected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ca-file-'));
  try {
    const empty = join(folder, 'empty.pem');
    await writeFile(empty, 'nothing');
    const env = { ...ENV, KAFKA_SSL_CA_FILE: join(folder, 'none.pem'), CONSUL_CA_FILE: empty };
    const read = () => readConfig(env);
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(/KAFKA_SSL_CA_FILE: the file cannot be read: ENOENT.*none\.pem/);
    expect(read).toThrow(/CONSUL_CA_FILE: .*empty\.pem holds no certificate/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each([
  ['', {}, undefined],
  ['', { POSTGRES_SSL: 'true' }, { ca: CERTIFICATE }],
  ['?sslmode=verify-full', {}, { ca: CERTIFICATE }],
  ['?a=b&sslmode=verify-full', { POSTGRES_SSL: 'true' }, { ca: CERTIFICATE }],
  ['?sslmode=disable', {}, false],
])('should trust the CA of Postgres wherever TLS is asked for: %j %j', async (search, more, expected) => {
  const folder = await mkdtemp(join(tmpdir(), 'ca-file-'));
  try {
    const ca = join(folder, 'a & b.pem');
    await writeFile(ca, CERTIFICATE);
    const { postgres } = readConfig({ ...ENV, DATABASE_URL: `${ENV.DATABASE_URL}${search}`, POSTGRES_SSL_CA_FILE: ca, ...more });
    expect(new pg.Client(clientOptions(postgres))).toMatchObject({ connectionParameters: { ssl: expected ?? false } });
  } finally {
    await rm(folder, { recursive: true });
  }
});
