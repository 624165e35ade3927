import { asksForTls } from '../../config/postgres.ts';
import { type Finding, findingsOf } from './finding.ts';

const { warning, fault } = findingsOf('configuration');

type Present = NodeJS.ProcessEnv;

/** Variables that the gateway takes each for itself, and that cannot both be meant. */
export function contradictions(present: Present): Finding[] {
  return [...ofPostgres(present), ...ofConsul(present), ...unusedFiles(present), ...ofSasl(present)];
}

/** The address in DATABASE_URL wins, silently. */
function ofPostgres(present: Present): Finding[] {
  const findings: Finding[] = [];
  const { DATABASE_URL: text, POSTGRES_DATABASE: name, POSTGRES_DB: alias } = present;
  if (name !== undefined && alias !== undefined && name !== alias) {
    findings.push(fault(`POSTGRES_DATABASE=${name} and POSTGRES_DB=${alias} name two databases; the first counts`, 'leave one of them'));
  }
  if (text === undefined || !URL.canParse(text)) return findings;
  const url = new URL(text);
  const said: readonly (readonly [string, string])[] = [
    ['POSTGRES_HOST', url.hostname.replace(/^\[|\]$/g, '')],
    ['POSTGRES_PORT', url.port || '5432'],
    ['POSTGRES_DATABASE', decodeURIComponent(url.pathname.slice(1))],
    ['POSTGRES_DB', decodeURIComponent(url.pathname.slice(1))],
    ['POSTGRES_USER', decodeURIComponent(url.username)],
  ];
  for (const [variable, inUrl] of said) {
    const value = present[variable];
    if (value === undefined || value === inUrl) continue;
    findings.push(
      fault(
        `DATABASE_URL has "${inUrl}" where ${variable} says "${value}"; the URL counts`,
        `correct one of them, or leave ${variable} out`,
      ),
    );
  }
  return findings;
}

/** Consul's own tools read another variable. */
function ofConsul({ CONSUL_HTTP_ADDR: address, CONSUL_HOST: host, CONSUL_PORT: port = '8500' }: Present): Finding[] {
  if (address === undefined || host === undefined) return [];
  const said = address.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
  if (said === `${host}:${port}`) return [];
  return [
    warning(
      `CONSUL_HTTP_ADDR is "${address}", and the gateway asks ${host}:${port}`,
      'the gateway reads CONSUL_HOST and CONSUL_PORT only: make sure that they name the same agent',
    ),
  ];
}

function unusedFiles(present: Present): Finding[] {
  return [
    ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL'],
    ['CONSUL_CA_FILE', 'CONSUL_SSL'],
    ['POSTGRES_SSL_CA_FILE', 'POSTGRES_SSL'],
  ].flatMap(([file = '', flag = '']) => {
    const isOn = ['true', '1'].includes(present[flag]?.trim().toLowerCase() ?? '');
    const isInUrl = flag === 'POSTGRES_SSL' && asksForTls(present['DATABASE_URL'] ?? '');
    if (present[file] === undefined || isOn || isInUrl) return [];
    return [warning(`${file} is set, and ${flag} is not true: there is no TLS`, `set ${flag}=true, or leave ${file} out`)];
  });
}

function ofSasl(present: Present): Finding[] {
  if (present['KAFKA_SASL_MECHANISM'] !== undefined) return [];
  const name = ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'].find((variable) => present[variable] !== undefined);
  if (name === undefined) return [];
  return [
    warning(
      `${name} is set, and KAFKA_SASL_MECHANISM is not: nobody logs in`,
      'set KAFKA_SASL_MECHANISM to plain, scram-sha-256 or scram-sha-512',
    ),
  ];
}
