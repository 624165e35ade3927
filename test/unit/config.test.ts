import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigurationError, readConfig } from '../../src/config.ts';

const REQUIRED = { KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://u:pw@db:5432/registry' };
const read = (env: NodeJS.ProcessEnv = {}) => readConfig({ ...REQUIRED, ...env });

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

const problems = (env: NodeJS.ProcessEnv) => problemsOf({ ...REQUIRED, ...env });

describe('readConfig', () => {
  it('should fill in the defaults of the contract', () => {
    expect(read()).toMatchObject({
      environment: 'dev',
      http: { host: '127.0.0.1', port: 8080, advertisedHost: '127.0.0.1' },
      consul: {
        mode: 'agent',
        virtualNodes: 200,
        probes: 'gateway',
        probeConcurrency: 1000,
        checkInterval: 30_000,
        checkTimeout: 10_000,
        successBeforePassing: 2,
        failuresBeforeCritical: 3,
        deregisterCriticalAfter: 90_000,
      },
      registry: { leaseSeconds: 86_400, cleanUpInterval: 3_600_000, heartbeatTimeout: 90_000, reconcileInterval: 60_000 },
      postgres: { changeRetention: 7 * 86_400_000 },
      kafka: { sessionTimeout: 15_000, stallTimeout: 30_000, ssl: null, sasl: null, createTopics: true },
    });
  });

  it('should name everything that is missing, and what would go there, in one message', () => {
    const error = (() => {
      try {
        return readConfig({});
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(problemsOf({})).toEqual([
      'KAFKA_BROKER_URL is missing: where Kafka listens, such as 127.0.0.1:9092',
      'CONSUL_HOST is missing: where the Consul agent listens, such as 127.0.0.1',
      'DATABASE_URL or POSTGRES_HOST is missing: where Postgres listens',
    ]);
    expect(String(error)).toMatch(
      /3 problems:\n {2}- KAFKA_BROKER_URL .*\n {2}- CONSUL_HOST .*\n {2}- DATABASE_URL .*\nSee \.env\.example/,
    );
  });

  it('should report wrong values beside missing ones, each with its name and its value', () => {
    const found = problemsOf({
      CONSUL_HOST: 'consul',
      POSTGRES_HOST: 'db',
      SERVICE_PORT: '70000',
      NODE_TTL_HOURS: '0',
      RECONCILE_INTERVAL: 'soon',
      KAFKA_SSL: 'perhaps',
      LOG_LEVEL: 'loud',
    });
    expect(found).toHaveLength(6);
    expect(found.map((problem) => problem.split(/[ :]/)[0])).toEqual([
      'SERVICE_PORT',
      'LOG_LEVEL',
      'KAFKA_BROKER_URL',
      'KAFKA_SSL',
      'NODE_TTL_HOURS',
      'RECONCILE_INTERVAL',
    ]);
    expect(found[0]).toBe('SERVICE_PORT: "70000" is not a whole number from 0 to 65535');
  });

  it('should have the probes of instances end before the next, and let them be switched off', () => {
    expect(read().probing).toEqual({ interval: 2000, concurrency: 64, maxInstances: 500, reportsPerMinute: 60 });
    expect(read({ PROBE_MAX_INSTANCES: '0' }).probing.maxInstances).toBe(0);
    expect(read({ PROBE_TIMEOUT: '2s', PROBE_INTERVAL: '2001ms' }).probing.interval).toBe(2001);
    expect(problems({ PROBE_TIMEOUT: '2s' })).toEqual([expect.stringContaining('PROBE_INTERVAL must be longer than PROBE_TIMEOUT')]);
    expect(problems({ PROBE_CONCURRENCY: '0' })).toEqual([expect.stringContaining('PROBE_CONCURRENCY')]);
  });

  it('should say one problem in the singular', () => {
    expect(() => read({ SERVICE_PORT: 'x' })).toThrow('has 1 problem:');
  });

  it('should never repeat a password', () => {
    const env = { ...REQUIRED, DATABASE_URL: 'mysql://u:hunter2@db', KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'hunter2' };
    expect(() => readConfig(env)).toThrow(ConfigurationError);
    expect(problemsOf(env).join()).not.toContain('hunter2');
  });

  it('should take an empty variable for an absent one', () => {
    expect(read({ SERVICE_PORT: '', CONSUL_HTTP_TOKEN: '', POSTGRES_HOST: '', KAFKA_SSL: '' })).toEqual(read());
    expect(problems({ CONSUL_HOST: '' })).toEqual([expect.stringContaining('CONSUL_HOST is missing')]);
  });
});

describe('the consumer group', () => {
  it('should have a session that a broker accepts by default', () => {
    expect(read({ KAFKA_SESSION_TIMEOUT: '6s' }).kafka.sessionTimeout).toBe(6000);
    expect(problems({ KAFKA_SESSION_TIMEOUT: '5s' })).toEqual(['KAFKA_SESSION_TIMEOUT: "5s" is shorter than 6s']);
  });

  it('should not be taken for still while it may wait for a dead member', () => {
    expect(problems({ KAFKA_SESSION_TIMEOUT: '30s' })).toEqual([expect.stringMatching(/^KAFKA_STALL_TIMEOUT must be longer/)]);
    expect(read({ KAFKA_SESSION_TIMEOUT: '30s', KAFKA_STALL_TIMEOUT: '31s' }).kafka.stallTimeout).toBe(31_000);
  });
});

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1.5s', 1500],
    [' 10s ', 10_000],
  ])('should read %j like Consul', (text, milliseconds) => {
    expect(read({ RECONCILE_INTERVAL: text }).registry.reconcileInterval).toBe(milliseconds);
  });

  it('should be no longer than a timer waits, which would end at once, but for what no timer waits for', () => {
    expect(problems({ LIMIT_QUERY_TIME: '597h', PROBE_INTERVAL: '36000m' })).toEqual([
      'LIMIT_QUERY_TIME: "597h" is longer than 596h',
      'PROBE_INTERVAL: "36000m" is longer than 596h',
    ]);
    expect(read({ LIMIT_QUERY_TIME: '596h', REMOVED_RETENTION: '8760h' }).limits.LIMIT_QUERY_TIME).toBe(596 * 3_600_000);
    expect(problems({ REMOVED_RETENTION: '876001h' })).toEqual(['REMOVED_RETENTION: "876001h" is longer than 876000h']);
  });

  it.each(['30', 's', '-5s', '0s', '1d', '5 s', '1h30m', 'Infinitys'])('should refuse %j and show what one looks like', (text) => {
    expect(problems({ RECONCILE_INTERVAL: text })).toEqual([
      `RECONCILE_INTERVAL: "${text}" is not a duration above zero such as 500ms, 30s or 2m`,
    ]);
  });
});

describe('numbers and flags', () => {
  it('should take fractions of hours and whole seconds only', () => {
    expect(read({ NODE_TTL_HOURS: '0.5' }).registry.leaseSeconds).toBe(1800);
    expect(problems({ HEARTBEAT_TIMEOUT_SECONDS: '1.5' })).toHaveLength(1);
  });

  it.each(['NaN', 'ten', ' ', '1e999', '-1'])('should refuse %j as a number', (text) => {
    expect(problems({ CONSUL_PORT: text })).toHaveLength(1);
  });

  it.each([
    ['true', true],
    ['1', true],
    ['TRUE', true],
    ['false', false],
    ['0', false],
  ])('should read the flag %j', (text, value) => {
    expect(read({ CONSUL_SSL: text }).consul.secure).toBe(value);
  });
});

describe('addresses', () => {
  it('should read several brokers, with or without a scheme', () => {
    expect(read({ KAFKA_BROKER_URL: 'a:9092, PLAINTEXT://b:9093,sasl_ssl://c:1 ,' }).kafka.brokers).toEqual(['a:9092', 'b:9093', 'c:1']);
  });

  it('should refuse a list that names no broker', () => {
    expect(problems({ KAFKA_BROKER_URL: ' , ' })).toEqual([expect.stringContaining('127.0.0.1:9092')]);
  });

  it('should take POSTGRES_DB for POSTGRES_DATABASE, which wins', () => {
    expect(read({ POSTGRES_DB: 'old' }).postgres.database).toBe('old');
    expect(read({ POSTGRES_DB: 'old', POSTGRES_DATABASE: 'new' }).postgres.database).toBe('new');
    expect(read().postgres.database).toBe('omninode_bridge');
  });

  it.each(['postgres://db', 'postgresql://db'])('should accept %s', (url) => {
    expect(read({ DATABASE_URL: url }).postgres.url).toBe(url);
  });

  it('should refuse another kind of database', () => {
    expect(problems({ DATABASE_URL: 'mysql://db' })).toEqual(['DATABASE_URL must start with postgres:// or postgresql://']);
  });

  it('should do with POSTGRES_HOST and its companions', () => {
    const { postgres } = read({
      DATABASE_URL: '',
      POSTGRES_HOST: 'db',
      POSTGRES_PORT: '6432',
      POSTGRES_USER: 'me',
      POSTGRES_PASSWORD: 'pw',
    });
    expect(postgres).toMatchObject({ url: null, host: 'db', port: 6432, user: 'me', password: 'pw' });
  });

  it('should tell others LOCAL_IP, else the host it listens on, but never a wildcard', () => {
    expect(read({ ALLOW_ANONYMOUS: 'true', SERVICE_HOST: '0.0.0.0', LOCAL_IP: '10.0.0.7' }).http.advertisedHost).toBe('10.0.0.7');
    expect(read({ ALLOW_ANONYMOUS: 'true', SERVICE_HOST: '10.0.0.8' }).http.advertisedHost).toBe('10.0.0.8');
    expect(read({ ALLOW_ANONYMOUS: 'true', SERVICE_HOST: '0.0.0.0' }).http.advertisedHost).toBe(hostname());
    expect(read({ ALLOW_ANONYMOUS: 'true', SERVICE_HOST: '::' }).http.advertisedHost).toBe(hostname());
  });
});

describe('Kafka', () => {
  it('should put the environment into the names of topics', () => {
    const { topics } = read({
      KAFKA_ENVIRONMENT: 'prod',
      KAFKA_ACCEPTED_TOPICS: '{env}.one,two',
      KAFKA_CHANGES_TOPIC: '{env}-{env}',
    }).kafka;
    expect(topics.introspection).toEqual([
      'prod.omninode_bridge.onex.evt.node-introspection.v1',
      'onex.evt.platform.node-introspection.v1',
    ]);
    expect([topics.accepted, topics.changes]).toEqual([['prod.one', 'two'], 'prod-prod']);
    expect(topics.deadLetter).toBe('prod.omninode_bridge.onex.dlq.registry.v1');
  });

  it('should refuse an environment that could be no part of a topic name', () => {
    expect(problems({ KAFKA_ENVIRONMENT: 'a b' })).toEqual([expect.stringMatching(/^KAFKA_ENVIRONMENT: must be/)]);
  });

  it('should want user name and password with a SASL mechanism', () => {
    expect(problems({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'me' })).toEqual([
      'KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD',
    ]);
    const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'pw' };
    expect(read(sasl).kafka.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'me', password: 'pw' });
  });

  it('should read TLS with and without a file of certificates', () => {
    expect(read({ KAFKA_SSL: 'true' }).kafka.ssl).toEqual({ caFile: null });
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, rootCertificates[0] ?? '');
    expect(read({ KAFKA_SSL: 'true', KAFKA_SSL_CA_FILE: caFile }).kafka.ssl).toEqual({ caFile });
  });
});

describe('the gateway', () => {
  it('should have a name of its own where none is given', () => {
    expect(read({ SERVICE_PORT: '9000' }).gatewayId).toBe(`gateway-${hostname()}-9000`);
    expect(read({ GATEWAY_ID: 'east-1' })).toMatchObject({ gatewayId: 'east-1', kafka: { clientId: 'east-1' } });
  });

  it('should keep a snapshot in the folder for what programs keep, one for each gateway and database', () => {
    const file = (more: Record<string, string>) => read({ HOME: '/home/ada', GATEWAY_ID: 'east/1', ...more }).snapshot.file;
    expect(file({})).toMatch(/^\/home\/ada\/\.local\/state\/discovery-gateway\/east%2F1-[0-9a-f]{8}\.ndjson$/);
    expect(file({ XDG_STATE_HOME: '/state' })).toMatch(/^\/state\/discovery-gateway\/east%2F1-[0-9a-f]{8}\.ndjson$/);
    const [first, password, other] = ['a:b@db/one', 'a:c@db/one', 'a:b@db/two'].map((place) =>
      file({ DATABASE_URL: `postgres://${place}` }),
    );
    expect(password).toBe(first);
    expect(other).not.toBe(first);
  });

  it('should keep no snapshot where there is no such folder, or none is wanted', () => {
    expect(read().snapshot).toEqual({ file: null, interval: 30_000 });
    expect(read({ HOME: '/home/ada', SNAPSHOT_FILE: 'none' }).snapshot.file).toBeNull();
    expect(read({ SNAPSHOT_FILE: '/data/a.ndjson', SNAPSHOT_INTERVAL: '5s' }).snapshot).toEqual({ file: '/data/a.ndjson', interval: 5000 });
  });

  it('should report every rule for endpoints that is none, with the rest', () => {
    expect(problems({ ENDPOINT_ALLOW: '10.0.0.0/99', ENDPOINT_DENY: 'default, a b, 1.2.3.4/x', SERVICE_PORT: 'x' })).toEqual([
      expect.stringMatching(/^SERVICE_PORT: /),
      'ENDPOINT_ALLOW: "10.0.0.0/99" is not a network such as 10.0.0.0/8',
      'ENDPOINT_DENY: "a b" is not a host, a network, or * (each may stand behind a scheme://)',
      'ENDPOINT_DENY: "1.2.3.4/x" is not a network such as 10.0.0.0/8',
    ]);
  });

  it('should deny metadata services by default, and what else an operator says, or nothing', () => {
    const refusal = (deny: Record<string, string>, url: string) => read(deny).claims.endpoints.refusal(new URL(url));
    expect(refusal({}, 'http://169.254.169.254/')).toContain('ENDPOINT_DENY');
    expect(refusal({ ENDPOINT_DENY: 'default,127.0.0.0/8' }, 'http://169.254.169.254/')).toContain('169.254.0.0/16');
    expect(refusal({ ENDPOINT_DENY: 'default,127.0.0.0/8' }, 'http://127.1/')).toContain('127.0.0.0/8');
    expect(refusal({ ENDPOINT_DENY: '127.0.0.0/8' }, 'http://169.254.169.254/')).toBeNull();
    expect(refusal({ ENDPOINT_DENY: 'none' }, 'http://169.254.169.254/')).toBeNull();
  });

  it('should read lists without their spaces and empty entries', () => {
    expect(read({ ALLOWED_ORIGINS: ' https://a.example , ,https://b.example' }).http.allowedOrigins).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
    expect(read().http.allowedOrigins).toEqual([]);
  });
});
