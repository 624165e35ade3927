import type { IncomingMessage } from 'node:http';
import { AccessRefusal } from './refusal.ts';

/** Longer than any token that an issuer makes; Node refuses longer headers itself at 16 KB. Characters. */
const MAX_LENGTH = 8192;

/** The token of the Authorization header; null where there is no such header. Throws AccessRefusal for one that cannot be read. */
export function bearerOfRequest(request: IncomingMessage): string | null {
  // `headers` keeps the first of several without a word; a proxy in front may have looked at the last.
  const values = request.headersDistinct['authorization'] ?? [];
  if (values.length > 1) throw new AccessRefusal('malformed', 'There are several Authorization headers: send one');
  const [value] = values;
  return value === undefined ? null : tokenOf(value, 'The Authorization header');
}

/**
 * The token of a socket, from its connection's parameters (`Authorization` in any case, or `token`), else from the header of its
 * upgrade request, which a browser cannot set. Throws AccessRefusal for one that cannot be read, and for two different ones.
 */
export function bearerOfSocket(request: IncomingMessage, parameters: Readonly<Record<string, unknown>>): string | null {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(parameters)) {
    const lower = name.toLowerCase();
    if ((lower !== 'authorization' && lower !== 'token') || value === undefined || value === null) continue;
    const what = `"${lower === 'token' ? 'token' : 'Authorization'}" of the connection's parameters`;
    if (typeof value !== 'string') throw new AccessRefusal('malformed', `${what} must be a text`);
    // Many clients put the whole header there.
    const bare = lower === 'token' && !/\s/.test(value.trim());
    found.add(tokenOf(bare ? `Bearer ${value}` : value, what));
  }
  const ofHeader = bearerOfRequest(request);
  if (ofHeader !== null) found.add(ofHeader);
  if (found.size > 1) throw new AccessRefusal('malformed', 'The connection shows two different tokens: send one');
  const [token = null] = found;
  return token;
}

/** What follows `Bearer `, of which the scheme's case does not count (RFC 9110, section 11.1). */
function tokenOf(value: string, what: string): string {
  const [, scheme = '', token = ''] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(value) ?? [];
  if (scheme === '') throw new AccessRefusal('malformed', `${what} is empty: send Bearer <token>, or leave it out`);
  if (scheme.toLowerCase() !== 'bearer') {
    throw new AccessRefusal('malformed', `${what} is not of the scheme Bearer, the only one here: send Bearer <token>`);
  }
  if (token === '') throw new AccessRefusal('malformed', `${what} has no token behind Bearer: send Bearer <token>`);
  if (token.length > MAX_LENGTH) throw new AccessRefusal('malformed', `${what} has a token of more than ${MAX_LENGTH} characters`);
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
    throw new AccessRefusal(
      'malformed',
      `${what} has no single token behind Bearer: letters, digits and - . _ ~ + / can be in one, and = at its end`,
    );
  }
  return token;
}
