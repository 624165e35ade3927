import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from '../registry/registry.ts';
import { sendGraphqlError, wantsHtml } from './answers.ts';
import type { Askers } from './askers.ts';
import { atTime } from './auth/expiry.ts';
import { AccessRefusal } from './auth/refusal.ts';
import { allowOrigin } from './cors.ts';
import { type GraphiqlPage, loadGraphiqlPage, sendGraphiql } from './graphiql.ts';
import type { GraphqlEndpoint } from './graphql-endpoint.ts';
import { GRAPHQL_METHODS, refusalOf, spellOut } from './graphql-request.ts';
import { isRequestAllowed } from './origin.ts';
import type { RequestGuard } from './request-guard.ts';
import { STALE_HEADER, staleHeader } from './stale-header.ts';

export interface GraphqlEntryOptions {
  readonly endpoint: GraphqlEndpoint;
  readonly registry: Pick<Registry, 'freshness'>;
  readonly askers: Askers;
  /** Turns away who takes too much, before it is known who asks. */
  readonly guard: Pick<RequestGuard, 'request'>;
  readonly allowedOrigins: readonly string[];
  /** Whether a browser that opens the path gets GraphiQL. */
  readonly graphiql: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Every HTTP request to `/graphql`. Throws AccessRefusal for who may not ask, and LIMIT_EXCEEDED, before anything of the request is read but its head. */
export function createGraphqlEntry({ endpoint, registry, askers, guard, allowedOrigins, graphiql, now }: GraphqlEntryOptions) {
  let page: Promise<GraphiqlPage> | undefined;

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    allowOrigin(request, response, allowedOrigins);
    const refusal = refusalOf(request);
    if (refusal !== null) {
      const { status, message } = refusal;
      if (status === 405) response.setHeader('Allow', GRAPHQL_METHODS);
      return sendGraphqlError(request, response, status, { code: 'BAD_REQUEST', message, details: {} });
    }
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { Allow: GRAPHQL_METHODS }).end();
      return;
    }
    // The page is the same for everybody, and has no data in it.
    if (graphiql && (request.method === 'GET' || request.method === 'HEAD') && wantsHtml(request)) {
      page ??= loadGraphiqlPage();
      return sendGraphiql(await page, request, response);
    }
    if (!isRequestAllowed(request.headers, allowedOrigins)) {
      const message = 'Pages of this origin may not ask here: list it in ALLOWED_ORIGINS of the gateway where they should';
      throw new AccessRefusal('origin', message);
    }
    // What is true now; the same question may have another answer in a moment.
    response.setHeader('Cache-Control', 'no-store');
    guard.request(request, response);
    const asker = await askers.ofRequest(request);
    if (asker.expiresAt !== null) {
      // A broken stream makes its client come again, with a token that counts; a clean end would tell it that all is said.
      response.once(
        'close',
        atTime(asker.expiresAt, now, () => response.destroy()),
      );
    }
    const stale = staleHeader(registry.freshness(), now());
    if (stale !== null) response.setHeader(STALE_HEADER, stale);
    spellOut(request);
    await endpoint(request, response, { asker });
  };
}
