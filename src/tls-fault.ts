import { messageOf } from './errors.ts';

export type TlsFaultKind = 'untrusted' | 'expired' | 'early' | 'misnamed' | 'mutual' | 'plain' | 'hangup' | 'secured';

/** A TLS connection that did not come about, for whoever can mend it. */
export interface TlsFault {
  readonly kind: TlsFaultKind;
  /** What is wrong with whom, such as `its certificate has expired`. */
  readonly what: string;
  readonly remedy: string;
}

/** The variables that a back end's connection is configured with. */
export interface TlsVariables {
  /** Such as `Kafka`. */
  readonly name: string;
  readonly address: string;
  readonly flag: string;
  readonly caFile: string;
}

export const KAFKA_TLS: TlsVariables = { name: 'Kafka', address: 'KAFKA_BROKER_URL', flag: 'KAFKA_SSL', caFile: 'KAFKA_SSL_CA_FILE' };
export const CONSUL_TLS: TlsVariables = { name: 'Consul', address: 'CONSUL_HOST', flag: 'CONSUL_SSL', caFile: 'CONSUL_CA_FILE' };
export const POSTGRES_TLS: TlsVariables = {
  name: 'Postgres',
  address: 'DATABASE_URL or POSTGRES_HOST',
  flag: 'POSTGRES_SSL',
  caFile: 'POSTGRES_SSL_CA_FILE',
};

/** By what OpenSSL and Node call it: kafkajs keeps the words and loses the code. */
const SIGNS: readonly (readonly [TlsFaultKind, RegExp])[] = [
  ['expired', /CERT_HAS_EXPIRED|certificate has expired/],
  ['early', /CERT_NOT_YET_VALID|certificate is not yet valid/],
  ['misnamed', /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/],
  [
    'untrusted',
    /SELF_SIGNED|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|self.signed certificate|unable to verify the first certificate|unable to get (local )?issuer certificate|certificate signature failure|certificate not trusted/,
  ],
  ['mutual', /CERTIFICATE_REQUIRED|certificate required|alert bad certificate/],
  ['plain', /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long|does not support SSL/],
  ['hangup', /disconnected before secure TLS connection/],
  ['secured', /HTTP request to an HTTPS server|no encryption/],
];

/** What is wrong with TLS; null where the error (or text), and what caused it, is about something else. */
export function tlsFault(error: unknown, { name, address, flag, caFile }: TlsVariables): TlsFault | null {
  const said = saidBy(error);
  const kind = SIGNS.find(([, sign]) => sign.test(said))?.[0];
  switch (kind) {
    case undefined:
      return null;
    case 'untrusted':
      return {
        kind,
        what: `the certificate of ${name} is signed by no CA that the gateway trusts`,
        remedy: `name a file with the certificate of that CA in ${caFile}`,
      };
    case 'expired':
      return {
        kind,
        what: `the certificate of ${name}, or of its CA, has expired`,
        remedy: `renew it, or correct the clock of this machine`,
      };
    case 'early':
      return { kind, what: `the certificate of ${name} is not valid yet`, remedy: 'correct the clock of this machine, or that of the CA' };
    case 'misnamed':
      return {
        kind,
        what: `the certificate of ${name} is for other names than the one that it is asked by`,
        remedy: `write a name that is in the certificate into ${address}, or have one issued for this name`,
      };
    case 'mutual':
      return {
        kind,
        what: `${name} wants a certificate of the gateway, which has none to show`,
        remedy: `let ${name} do without, or put a proxy between that shows one`,
      };
    case 'plain':
      return {
        kind,
        what: `${name} does not speak TLS there`,
        remedy: `name its port for TLS, or set ${flag}=false`,
      };
    case 'hangup':
      return {
        kind,
        what: `${name} hung up in the middle of the handshake, as one does that speaks no TLS there`,
        remedy: `name its port for TLS, or set ${flag}=false`,
      };
    case 'secured':
      return {
        kind,
        what: `${name} takes no connection without TLS there`,
        remedy: `set ${flag}=true, and ${caFile} where the CA is your own`,
      };
  }
}

/** What an error says; where it is about TLS, after what that means and what is to be done. */
export function explained(error: unknown, variables: TlsVariables): string {
  const fault = tlsFault(error, variables);
  const said = messageOf(error);
  return fault === null ? said : `${fault.what}: ${fault.remedy} (${said})`;
}

/** Codes and messages of an error and its causes. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return `${code} ${error.message} ${error.cause === undefined ? '' : saidBy(error.cause)}`;
}
