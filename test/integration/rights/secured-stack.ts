import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/local/port.ts';
import { TestAuthority } from '../../test-authority.ts';
import { until } from '../../until.ts';
import { startConsulAgent } from '../consul-agent.ts';
import { sql } from '../gateway/running-gateway.ts';
import { freshDatabase, privateStack } from '../stack.ts';
import { PASSWORD, startLoginKafka, USER } from './secured-kafka.ts';

/** The user whom Postgres lets in over TLS only. */
const ROLE = 'gateway';

/**
 * A Kafka, a Consul and a Postgres that speak TLS, with certificates of a CA that exists for this stack. `stop` ends them. Each has a second,
 * open door for tests: `broker`, `agent`, `database`.
 */
export async function startSecuredStack() {
  const folder = await mkdtemp(join(tmpdir(), 'secured-stack-'));
  const authority = new TestAuthority('CA of the back ends');
  const identity = authority.identity();
  const files = {
    ca: join(folder, 'ca.pem'),
    strangerCa: join(folder, 'stranger-ca.pem'),
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
    both: join(folder, 'both.pem'),
  };
  await writeFile(files.ca, authority.certificate);
  await writeFile(files.strangerCa, new TestAuthority('CA of somebody else').certificate);
  await writeFile(files.certificate, identity.certificate);
  await writeFile(files.key, identity.key, { mode: 0o600 });
  await writeFile(files.both, `${identity.key}${identity.certificate}`, { mode: 0o600 });
  const https = await freePort(new Set());
  const starting = [
    startLoginKafka(join(folder, 'kafka'), 'SASL_SSL', { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': files.both }),
    startConsulAgent(join(folder, 'consul'), {
      ports: { https },
      tls: { https: { cert_file: files.certificate, key_file: files.key } },
    }),
    privateStack({ kafka: true, consul: true }),
  ] as const;
  const outcomes = await Promise.allSettled(starting);
  const stop = async () => {
    await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.stop() : undefined)));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [kafka, agent, { postgres }] = await Promise.all(starting);
    const admin = postgres.url ?? '';
    await demandTls(admin, identity);
    const database = await freshDatabase(admin);
    await sql(admin, `alter database ${new URL(database).pathname.slice(1)} owner to ${ROLE}`);
    const { port, pathname } = new URL(database);
    return {
      authority,
      files,
      broker: kafka.broker,
      agent,
      database,
      /** What the gateway has to know, and nothing else; `DATABASE_URL` or the POSTGRES_ variables beside it. */
      env: {
        KAFKA_BROKER_URL: kafka.secured,
        KAFKA_SSL: 'true',
        KAFKA_SSL_CA_FILE: files.ca,
        KAFKA_SASL_MECHANISM: 'plain',
        KAFKA_SASL_USERNAME: USER,
        KAFKA_SASL_PASSWORD: PASSWORD,
        CONSUL_HOST: '127.0.0.1',
        CONSUL_PORT: String(https),
        CONSUL_SSL: 'true',
        CONSUL_CA_FILE: files.ca,
      },
      postgres: {
        DATABASE_URL: '',
        POSTGRES_HOST: '127.0.0.1',
        POSTGRES_PORT: port,
        POSTGRES_DATABASE: pathname.slice(1),
        POSTGRES_USER: ROLE,
        POSTGRES_SSL: 'true',
        POSTGRES_SSL_CA_FILE: files.ca,
      },
      url: `postgres://${ROLE}@127.0.0.1:${port}${pathname}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The server writes its files itself: it may run as another user, and refuses a key that is not its own. */
async function demandTls(admin: string, { certificate, key }: { readonly certificate: string; readonly key: string }): Promise<void> {
  const rules = `host all postgres 127.0.0.1/32 trust\nhostssl all ${ROLE} 127.0.0.1/32 trust`;
  for (const [name, text] of [
    ['server.crt', certificate.trim()],
    ['server.key', key.trim()],
    ['pg_hba.conf', rules],
  ] as const) {
    const lines = text.split(/\r?\n/).map((line) => `'${line}'`);
    await sql(admin, `copy (select unnest(array[${lines.join()}])) to program 'umask 077 && cat > ${name}'`);
  }
  await sql(admin, `create role ${ROLE} login`);
  await sql(admin, 'alter system set ssl = on');
  await sql(admin, 'select pg_reload_conf()');
  await until('Postgres speaks TLS', async () => (await sql(admin, 'show ssl'))[0]?.['ssl'] === 'on');
}
