import { hasControlCharacter } from './node-id.ts';
import { Unacceptable } from './unacceptable.ts';

export const URL_MAX_LENGTH = 2048;

/** A DNS name is at most 253 characters long. */
const HOST_MAX_LENGTH = 253;

/**
 * The port of a URL that writes none. For gRPC, see its name resolution document: 443, and 80 for insecure channels.
 * The rest are the ports that IANA lists for the service.
 */
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http:', 80],
  ['ws:', 80],
  ['grpc:', 80],
  ['https:', 443],
  ['wss:', 443],
  ['grpcs:', 443],
  ['ftp:', 21],
  ['ssh:', 22],
  ['mqtt:', 1883],
  ['nats:', 4222],
  ['amqp:', 5672],
  ['amqps:', 5671],
  ['mysql:', 3306],
  ['postgres:', 5432],
  ['postgresql:', 5432],
  ['redis:', 6379],
  ['mongodb:', 27017],
]);

/**
 * These address no service. As a link on a page some of them run code, and in the hands of a library that knows them some read files, or
 * say whatever the URL says to a server of another kind (`gopher://10.0.0.5:6379/_FLUSHALL`).
 */
export const REFUSED_SCHEMES: ReadonlySet<string> = new Set([
  'javascript:',
  'vbscript:',
  'data:',
  'blob:',
  'file:',
  'about:',
  'view-source:',
  'filesystem:',
  'gopher:',
  'dict:',
  'jar:',
  'netdoc:',
  'php:',
]);

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;
/** The URL parser would silently repair these. */
const SPACE_OR_BACKSLASH = /[\s\\]/;
const HOST = /^(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])$/i;

export interface HostAndPort {
  /** Lower case, IPv6 without brackets; null where the scheme knows URLs without a host (`unix:///run/a.sock`). */
  readonly host: string | null;
  readonly port: number | null;
}

/** Why the URL may not be announced, to follow the name of its place (`is outside …`); null when it may. */
export type EndpointRefusal = (url: URL) => string | null;

/**
 * Checks the URL of an endpoint and reads its host and port. `place` names the endpoint in reasons, which never quote the URL: it may
 * carry a secret. Throws Unacceptable INVALID_ENDPOINT or INVALID_PORT.
 */
export function readEndpointUrl(text: string, place: string, refusalOf: EndpointRefusal | undefined): HostAndPort {
  if (text.length > URL_MAX_LENGTH) throw refusal(`${place} is longer than ${URL_MAX_LENGTH} characters.`);
  if (SPACE_OR_BACKSLASH.test(text) || hasControlCharacter(text)) throw refusal(`${place} has a space, back slash or control character.`);
  const authority = ABSOLUTE.exec(text)?.[1];
  if (authority === undefined) throw refusal(`${place} is not an absolute URL such as http://host:8080/path.`);
  if (authority.includes('@')) throw refusal(`${place} carries credentials, which everybody who finds the node would read.`);
  checkPort(authority, place);
  const url = parse(text, place);
  if (REFUSED_SCHEMES.has(url.protocol)) throw refusal(`${place} has the scheme ${url.protocol}, which addresses no service.`);
  const refused = refusalOf?.(url) ?? null;
  if (refused !== null) throw refusal(`${place} ${refused}.`);
  // The parser takes `http:///orders` for the host `orders`.
  if ((url.hostname === '') !== (authority === '')) throw refusal(`${place} has no host.`);
  if (authority === '') return { host: null, port: null };
  if (url.hostname.length > HOST_MAX_LENGTH || !HOST.test(url.hostname)) throw refusal(`${place} has a host that cannot be one.`);
  return {
    host: url.hostname.replace(/^\[|\]$/g, '').toLowerCase(),
    port: url.port === '' ? (DEFAULT_PORTS.get(url.protocol) ?? null) : Number(url.port),
  };
}

/** The URL parser takes port 0 and says of every other wrong port only that the URL is invalid. */
function checkPort(authority: string, place: string): void {
  const port = /^(?:\[[^\]]*\]|[^:]*):([^:]+)$/.exec(authority)?.[1];
  if (port === undefined) return;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isPort) throw new Unacceptable('INVALID_PORT', `${place} has a port that is not a number from 1 to 65535.`);
}

function parse(text: string, place: string): URL {
  try {
    return new URL(text);
  } catch (error) {
    throw refusal(`${place} is not a URL.`, error);
  }
}

function refusal(reason: string, cause?: unknown): Unacceptable {
  return new Unacceptable('INVALID_ENDPOINT', reason, { cause });
}
