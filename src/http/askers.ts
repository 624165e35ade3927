import type { IncomingMessage } from 'node:http';
import type { Asker, Scope } from '../graphql/asker.ts';
import type { ClientAddress } from './client-address.ts';

/** Finds out who asks. Both throw a GatewayError for whoever may not. */
export interface Askers {
  ofRequest(request: IncomingMessage): Promise<Asker>;
  /** A browser cannot set headers of a WebSocket: there the credentials come in the connection's parameters. */
  ofSocket(request: IncomingMessage, parameters: Readonly<Record<string, unknown>>): Promise<Asker>;
}

const EVERYTHING: ReadonlySet<Scope> = new Set(['registry:read', 'registry:write']);

/** Everybody may do everything, and is known by address only. */
export function anonymousAskers(addressOf: (request: IncomingMessage) => ClientAddress): Askers {
  const ofRequest = async (request: IncomingMessage): Promise<Asker> => ({
    key: `address:${addressOf(request).address}`,
    name: null,
    scopes: EVERYTHING,
    expiresAt: null,
  });
  return { ofRequest, ofSocket: ofRequest };
}
