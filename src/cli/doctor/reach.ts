import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { messageOf } from '../../errors.ts';
import { type TlsVariables, tlsFault } from '../../tls-fault.ts';

/** To connect, and for a handshake, each. Milliseconds. */
const TIMEOUT = 3000;

/** Why an address cannot be talked to. */
export interface Trouble {
  /**
   * `name`: it does not resolve. `refused`: nothing listens. `silent`: no answer. `plain`: it speaks no TLS. `certificate`: something is
   * wrong with that. `other`: anything else.
   */
  readonly kind: 'name' | 'refused' | 'silent' | 'plain' | 'certificate' | 'other';
  /** Such as `nothing listens at 127.0.0.1:9092`. */
  readonly what: string;
  /** Where there is one whatever the place is for. */
  readonly remedy?: string;
}

export interface Tls {
  /** Certificates to trust, PEM; undefined: the system's. */
  readonly ca: string | undefined;
  readonly variables: TlsVariables;
}

/** Tries to connect, with a handshake where there is to be TLS. Null when that worked. */
export async function reach(host: string, port: number, tls: Tls | null = null): Promise<Trouble | null> {
  const place = placeOf(host, port);
  try {
    await lookup(host);
  } catch (error) {
    return { kind: 'name', what: `the name "${host}" does not resolve (${messageOf(error)})` };
  }
  try {
    await attempt(host, port, null);
  } catch (error) {
    return troubleOf(error, place);
  }
  if (tls === null) return null;
  try {
    await attempt(host, port, { ca: tls.ca, verify: true });
    return null;
  } catch (error) {
    return tlsTroubleOf(error, place, tls.variables);
  }
}

/** Whether it would shake hands. */
export async function speaksTls(host: string, port: number): Promise<boolean> {
  try {
    await attempt(host, port, { ca: undefined, verify: false });
    return true;
  } catch (error) {
    // Whoever wants a certificate of ours speaks TLS as well.
    return codeOf(error).startsWith('ERR_SSL_TLSV1') || /alert/.test(messageOf(error));
  }
}

export function placeOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What a failed connection means. */
export function troubleOf(error: unknown, place: string): Trouble {
  const code = codeOf(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'name', what: `the name in ${place} does not resolve (${code})` };
  if (code === 'ECONNREFUSED') return { kind: 'refused', what: `nothing listens at ${place} (${code})` };
  if (code === 'ETIMEDOUT') return { kind: 'silent', what: `${place} does not answer within ${TIMEOUT / 1000} s` };
  return { kind: 'other', what: `${place} cannot be reached: ${messageOf(error)}` };
}

/** What a failed handshake means. */
export function tlsTroubleOf(error: unknown, place: string, variables: TlsVariables): Trouble {
  const code = codeOf(error);
  const fault = tlsFault(error, variables);
  if (fault !== null && fault.kind !== 'plain' && fault.kind !== 'hangup') {
    return { kind: 'certificate', what: `${place}: ${fault.what}: ${messageOf(error)} (${code})`, remedy: fault.remedy };
  }
  // Some close when a handshake is no request of theirs, others wait for more of it.
  const isPlain =
    fault !== null || /RECORD/.test(code) || code === 'ECONNRESET' || code === 'ETIMEDOUT' || /disconnected|hang up/.test(messageOf(error));
  if (isPlain) return { kind: 'plain', what: `${place} does not speak TLS` };
  return { kind: 'other', what: `${place} does not agree on TLS: ${messageOf(error)}` };
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function attempt(host: string, port: number, tls: { readonly ca: string | undefined; readonly verify: boolean } | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket =
      tls === null
        ? connect({ host, port })
        : connectSecurely({
            host,
            port,
            ca: tls.ca,
            rejectUnauthorized: tls.verify,
            ...(isIP(host) === 0 ? { servername: host } : {}),
          });
    const late = () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(late, TIMEOUT);
    socket.once(tls === null ? 'connect' : 'secureConnect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', (error) => reject(firstOf(error)));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(Object.assign(new Error('it hung up'), { code: 'ECONNRESET' }));
    });
  });
}

/** Where a name has several addresses, each fails, and the error of all says nothing. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}
