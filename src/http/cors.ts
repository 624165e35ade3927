import type { IncomingMessage, ServerResponse } from 'node:http';
import { STALE_HEADER } from './stale-header.ts';

/** How long a browser need not ask again whether it may send a request. Seconds. */
const MAX_AGE = 600;

/**
 * Lets pages of the listed origins read the answer, a refusal too, and send tokens in a header. Without credentials in the sense of CORS:
 * nothing here counts a cookie.
 */
export function allowOrigin({ headers, method }: IncomingMessage, response: ServerResponse, allowed: readonly string[]): void {
  if (allowed.length === 0) return;
  response.setHeader('Vary', 'Origin');
  const { origin } = headers;
  if (origin === undefined || !allowed.includes(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', `${STALE_HEADER}, Retry-After, WWW-Authenticate`);
  if (method !== 'OPTIONS') return;
  response.setHeader('Vary', 'Origin, Access-Control-Request-Headers');
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
  // `*` would leave Authorization out.
  const asked = headers['access-control-request-headers'];
  if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked);
  response.setHeader('Access-Control-Max-Age', MAX_AGE);
}
