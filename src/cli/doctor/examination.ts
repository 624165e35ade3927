import { messageOf } from '../../errors.ts';
import { maskSecrets } from '../../log.ts';
import { type Connection, connectionOf } from '../connection.ts';
import { checkConfiguration } from './configuration.ts';
import { checkConsul } from './consul.ts';
import { type Finding, findingsOf, type Part } from './finding.ts';
import { checkGateway } from './gateway.ts';
import { checkKafka } from './kafka.ts';
import { checkPort } from './port.ts';
import { checkPostgres } from './postgres.ts';
import { checkSnapshot } from './snapshot.ts';

export interface ExaminationOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Of the gateway; undefined: where DGW_URL says, or else where the configuration has it listen. */
  readonly url: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Looks at the configuration and at everything that it names, from here, and changes nothing. What can be looked at is looked at, whatever
 * else is wrong. Throws CliError for a `--url` or token that cannot be.
 */
export async function examine({ env, url, now }: ExaminationOptions): Promise<Finding[]> {
  const given = url !== undefined || (env['DGW_URL'] ?? '') !== '';
  const connection = connectionOf(url, env);
  const readable = checkConfiguration(env);
  const { kafka, consul, postgres, http, snapshotFile } = readable;
  const [kafkaFindings, consulFindings, ofPostgres, snapshotFindings] = await Promise.all([
    kafka === null ? [] : guarded('kafka', () => checkKafka(kafka, now())),
    consul === null ? [] : guarded('consul', () => checkConsul(consul, now())),
    postgres === null ? null : checkPostgres(postgres, now),
    snapshotFile === undefined || readable.environment === null ? [] : checkSnapshot(snapshotFile, readable.environment, now),
  ]);
  const port = http === null ? null : await checkPort(http, consul?.host ?? null);
  const expected = { environment: readable.environment, registryId: ofPostgres?.registryId ?? null };
  const local: Connection | null = http === null || port?.isTaken !== true ? null : { ...connection, base: baseOf(http.host, http.port) };
  const target = given ? connection : local;
  const gatewayFindings = target === null ? [] : await guarded('gateway', () => checkGateway(target, expected, now));
  return [
    ...readable.findings,
    ...kafkaFindings,
    ...consulFindings,
    ...(ofPostgres?.findings ?? []),
    ...snapshotFindings,
    ...(port?.findings ?? []),
    ...gatewayFindings,
  ];
}

/** The address at which what listens on that one is asked from this machine. */
function baseOf(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** What nobody thought of is a finding too: the other parts are looked at all the same. */
async function guarded(part: Part, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [
      findingsOf(part).fault(
        `the check of ${part} ended with an error: ${maskSecrets(messageOf(error))}`,
        'it is described in the log of that service, as a rule',
      ),
    ];
  }
}
