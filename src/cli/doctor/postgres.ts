import pg from 'pg';
import { z } from 'zod';
import type { PostgresConfig } from '../../config/postgres.ts';
import { messageOf } from '../../errors.ts';
import { maskSecrets } from '../../log.ts';
import { clientOptions } from '../../postgres/database.ts';
import { POSTGRES_TLS } from '../../tls-fault.ts';
import { readCa } from './ca-file.ts';
import { type Finding, findingsOf } from './finding.ts';
import { checkMigrations } from './migrations.ts';
import { codeOf, placeOf, reach, type Trouble, tlsTroubleOf } from './reach.ts';

const { ok, warning, fault } = findingsOf('postgres');

/** The oldest that the gateway is made for. */
const OLDEST = 14;
/** What the gateway itself corrects; more hints at a clock that nobody sets. Milliseconds. */
const SKEW = 2000;
const QUERY_TIMEOUT = 5000;

const facts = z.object({
  version: z.string(),
  database: z.string(),
  user: z.string(),
  in_recovery: z.boolean(),
  read_only: z.string(),
  may_create: z.boolean(),
  max_connections: z.coerce.number(),
  connections: z.coerce.number(),
  now: z.number(),
});

const FACTS = `select current_setting('server_version') as version, current_database() as database, current_user as user,
  pg_is_in_recovery() as in_recovery, current_setting('default_transaction_read_only') as read_only,
  has_database_privilege(current_database(), 'CREATE') and has_schema_privilege('public', 'CREATE') as may_create,
  current_setting('max_connections') as max_connections, (select count(*) from pg_stat_activity where backend_type = 'client backend') as connections,
  extract(epoch from clock_timestamp())::float8 * 1000 as now`;

export interface PostgresFindings {
  readonly findings: readonly Finding[];
  /** Of the registry in this database; null where there is none yet, or it cannot be read. */
  readonly registryId: string | null;
}

/** Whether it can be reached, lets this user in, and has or can have what the gateway needs. Nothing is written. */
export async function checkPostgres(config: PostgresConfig, now: () => number): Promise<PostgresFindings> {
  const alone = (finding: Finding): PostgresFindings => ({ findings: [finding], registryId: null });
  const { fault: caFault } = readCa(POSTGRES_TLS, config.caFile, now());
  if (caFault !== null) return alone(caFault);
  let client: pg.Client;
  try {
    client = new pg.Client({ ...clientOptions(config), query_timeout: QUERY_TIMEOUT });
  } catch (error) {
    return alone(
      fault(
        `DATABASE_URL cannot be read: ${maskSecrets(messageOf(error))}`,
        'write postgres://user:password@host:5432/database, with special characters percent-encoded',
      ),
    );
  }
  const { host, port } = client;
  if (!host.startsWith('/')) {
    const trouble = await reach(host, port);
    if (trouble !== null) return alone(unreachable(trouble));
  }
  // What breaks the connection is told by what is asked on it.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    return alone(refused(error, client, config));
  }
  try {
    return await look(client, config, now);
  } catch (error) {
    return alone(
      fault(`${placeOf(host, port)} lets us in, but does not answer: ${maskSecrets(messageOf(error))}`, 'look at the log of Postgres'),
    );
  } finally {
    await client.end();
  }
}

async function look(client: pg.Client, config: PostgresConfig, now: () => number): Promise<PostgresFindings> {
  const asked = now();
  const { rows } = await client.query(FACTS);
  const answered = now();
  const [found] = z.tuple([facts]).parse(rows);
  const findings = [
    ok(`Postgres ${found.version} at ${placeOf(client.host, client.port)} lets ${found.user} into database "${found.database}"`),
  ];
  if (Number.parseInt(found.version, 10) < OLDEST)
    findings.push(fault(`Postgres ${found.version} is too old`, `the gateway needs Postgres ${OLDEST} or newer`));
  if (found.in_recovery)
    findings.push(fault('this server is a standby: nothing can be written to it', 'name the primary in DATABASE_URL or POSTGRES_HOST'));
  else if (found.read_only === 'on')
    findings.push(fault('default_transaction_read_only is on: nothing can be written', 'set it to off, for this database or user'));
  if (!found.may_create) {
    const grant = `grant create on database "${found.database}" to "${found.user}"; grant create on schema public to "${found.user}"`;
    findings.push(fault(`${found.user} may not create tables in "${found.database}", and migrations do`, grant));
  }
  const left = found.max_connections - found.connections;
  if (left < config.poolSize + 3) {
    findings.push(
      warning(
        `${found.connections} of ${found.max_connections} connections are in use, and a gateway takes up to ${config.poolSize + 3}`,
        'raise max_connections, or lower POSTGRES_POOL_SIZE (gateways that run already count among those in use)',
      ),
    );
  }
  const skew = Math.round(found.now - (asked + answered) / 2);
  if (Math.abs(skew) > SKEW) {
    findings.push(
      warning(
        `the clock of Postgres is ${Math.abs(skew / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} that of this machine`,
        'let both follow a time server (NTP)',
      ),
    );
  }
  const migrations = await checkMigrations(client).catch((error: unknown) => {
    if (codeOf(error) !== '42501') throw error;
    const remedy = 'make it the owner of the tables and of the schema drizzle, or connect as the user who made them';
    return { findings: [fault(`${found.user} may not read what another user migrated: ${messageOf(error)}`, remedy)], registryId: null };
  });
  return { findings: [...findings, ...migrations.findings], registryId: migrations.registryId };
}

function unreachable({ kind, what }: Trouble): Finding {
  const where = 'DATABASE_URL, or POSTGRES_HOST and POSTGRES_PORT';
  const remedies: Readonly<Record<Trouble['kind'], string>> = {
    name: `correct the host in ${where}, or the DNS of this machine`,
    refused: `start Postgres, or correct ${where}; it must listen on that address (listen_addresses)`,
    silent: `correct ${where}, or let this machine through the firewall`,
    plain: '',
    certificate: '',
    other: `look at ${where}`,
  };
  return fault(what, remedies[kind]);
}

/** What the answer to a connection means, by its SQLSTATE. */
function refused(error: unknown, { host, port, user = '', database = '' }: pg.Client, config: PostgresConfig): Finding {
  const said = maskSecrets(messageOf(error));
  const place = placeOf(host, port);
  const password = config.url === null ? 'POSTGRES_PASSWORD' : 'the password in DATABASE_URL (special characters percent-encoded)';
  if (/does not support SSL/i.test(said))
    return fault(
      `Postgres at ${place} does not speak TLS`,
      'set POSTGRES_SSL=false (or take sslmode out of DATABASE_URL), or turn ssl on in Postgres',
    );
  switch (codeOf(error)) {
    case '28P01':
      return fault(`Postgres at ${place} does not accept the password of "${user}"`, `correct ${password}`);
    case '28000':
      return /no encryption/.test(said)
        ? fault(
            `Postgres at ${place} lets "${user}" in over TLS only`,
            'set POSTGRES_SSL=true, and POSTGRES_SSL_CA_FILE where the CA is your own',
          )
        : fault(
            `Postgres at ${place} does not let "${user}" in: ${said}`,
            'correct the user (POSTGRES_USER, or in DATABASE_URL), or pg_hba.conf of Postgres',
          );
    case '3D000':
      return fault(
        `database "${database}" does not exist at ${place}`,
        `create it (createdb -h ${host} -p ${port} ${database}), or correct POSTGRES_DATABASE or DATABASE_URL`,
      );
    case '42501':
      return fault(`"${user}" may not connect to database "${database}"`, `grant connect on database "${database}" to "${user}"`);
    case '53300':
      return fault(`Postgres at ${place} has no connection left: ${said}`, 'raise max_connections, or end what holds them');
    case '57P03':
      return fault(`Postgres at ${place} is starting or stopping: ${said}`, 'try again in a moment');
    default:
  }
  if (/SASL|password must be a string|no password/i.test(said))
    return fault(
      `Postgres at ${place} asks "${user}" for a password`,
      `set ${config.url === null ? 'POSTGRES_PASSWORD' : 'one in DATABASE_URL'}`,
    );
  const { what, remedy } = tlsTroubleOf(error, place, POSTGRES_TLS);
  if (remedy !== undefined) return fault(what, remedy);
  return fault(
    `${place} accepts connections, but does not answer as Postgres does: ${said}`,
    'it may be another service, or a port that speaks TLS from the start: correct host and port',
  );
}
