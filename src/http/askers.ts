import type { IncomingMessage } from 'node:http';
import type { Anonymous, StaticToken } from '../config/auth.ts';
import { type Asker, SCOPES } from '../graphql/asker.ts';
import { bearerOfRequest, bearerOfSocket } from './auth/bearer.ts';
import type { JwtVerifier } from './auth/jwt.ts';
import { AccessRefusal } from './auth/refusal.ts';
import { findToken } from './auth/static-tokens.ts';
import type { ClientAddress } from './client-address.ts';

/** Finds out who asks. Both throw, or reject with, an AccessRefusal for whoever may not. */
export interface Askers {
  /** At once where no token has to be looked at. */
  ofRequest(request: IncomingMessage): Asker | Promise<Asker>;
  /** A browser cannot set headers of a WebSocket: there the credentials come in the connection's parameters. */
  ofSocket(request: IncomingMessage, parameters: Readonly<Record<string, unknown>>): Promise<Asker>;
}

export interface AskersOptions {
  /** Where a client is, which is what an asker without a name is counted under. */
  readonly addressOf: (request: IncomingMessage) => Pick<ClientAddress, 'address'>;
  readonly tokens: readonly StaticToken[];
  /** null: no issuer is configured. */
  readonly verifyJwt: JwtVerifier | null;
  readonly anonymous: Anonymous;
}

/**
 * Whoever shows a token that counts is known by it, and whoever shows none may what anybody may. A token that does not count is refused,
 * whatever anybody may: somebody has made a mistake. Where no token can count, nobody looks at one.
 */
export function createAskers({ addressOf, tokens, verifyJwt, anonymous }: AskersOptions): Askers {
  // Of the addresses that lasting connections come from: made once for each.
  const anybodyAt = new WeakMap<object, Asker>();

  function anybody(request: IncomingMessage): Asker {
    if (anonymous === 'nothing') {
      throw new AccessRefusal('no_token', 'This needs a token: send it as Authorization: Bearer <token>');
    }
    const at = addressOf(request);
    let asker = anybodyAt.get(at);
    if (asker === undefined) {
      asker = { key: `address:${at.address}`, authenticated: false, name: null, scopes: SCOPES[anonymous], expiresAt: null };
      anybodyAt.set(at, asker);
    }
    return asker;
  }

  async function askerOf(token: string | null, request: IncomingMessage): Promise<Asker> {
    if (token === null) return anybody(request);
    const listed = findToken(tokens, token);
    if (listed !== null) {
      const { name, digest, mayWrite } = listed;
      const key = `token:${name ?? digest.toString('hex').slice(0, 16)}`;
      return { key, authenticated: true, name, scopes: mayWrite ? SCOPES.write : SCOPES.read, expiresAt: null };
    }
    if (verifyJwt === null || token.split('.').length !== 3) {
      throw new AccessRefusal('unknown_token', 'The token is none that counts here: check it, or ask an operator of the gateway for one');
    }
    const { subject, scopes, expiresAt } = await verifyJwt(token);
    return {
      key: subject === null ? `address:${addressOf(request).address}` : `subject:${subject}`,
      authenticated: true,
      name: subject,
      scopes,
      expiresAt,
    };
  }

  if (tokens.length === 0 && verifyJwt === null) {
    return { ofRequest: anybody, ofSocket: async (request) => anybody(request) };
  }
  return {
    ofRequest: async (request) => askerOf(bearerOfRequest(request), request),
    ofSocket: async (request, parameters) => askerOf(bearerOfSocket(request, parameters), request),
  };
}
