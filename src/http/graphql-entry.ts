import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Asker } from '../graphql/asker.ts';
import type { Registry } from '../registry/registry.ts';
import { wantsHtml } from './accept.ts';
import { sendGraphqlError } from './answers.ts';
import type { Askers } from './askers.ts';
import { atTime } from './auth/expiry.ts';
import { AccessRefusal } from './auth/refusal.ts';
import { allowOrigin } from './cors.ts';
import type { Admission, createDirectAnswer } from './direct-answer.ts';
import { answerBy } from './fetch-answer.ts';
import { type GraphiqlPage, loadGraphiqlPage, sendGraphiql } from './graphiql.ts';
import type { GraphqlEndpoint } from './graphql-endpoint.ts';
import { GRAPHQL_METHODS, refusalOf, spellOut, traceparentOf } from './graphql-request.ts';
import { isRequestAllowed } from './origin.ts';
import { handBody } from './request-body.ts';
import type { RequestGuard } from './request-guard.ts';
import { STALE_HEADER, staleHeader } from './stale-header.ts';

export interface GraphqlEntryOptions {
  readonly endpoint: GraphqlEndpoint;
  readonly registry: Pick<Registry, 'freshness'>;
  readonly askers: Askers;
  /** Turns away who takes too much, before it is known who asks. */
  readonly guard: Pick<RequestGuard, 'request' | 'body'>;
  /** Answers what needs no Yoga. */
  readonly answerDirectly: ReturnType<typeof createDirectAnswer>;
  /** Called before an answer is begun that needs Yoga, or none of GraphQL. */
  readonly prepare: (response: ServerResponse) => void;
  readonly allowedOrigins: readonly string[];
  /** Whether a browser that opens the path gets GraphiQL. */
  readonly graphiql: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Every HTTP request to `/graphql`. Throws AccessRefusal for who may not ask, and LIMIT_EXCEEDED, before anything of the request is read but its head. */
export function createGraphqlEntry(options: GraphqlEntryOptions) {
  const { endpoint, registry, askers, guard, answerDirectly, prepare, allowedOrigins, graphiql, now } = options;
  let page: Promise<GraphiqlPage> | undefined;

  /** What needs no GraphQL: true where that was all. Throws AccessRefusal for a page of another origin. */
  function answerForm(request: IncomingMessage, response: ServerResponse): boolean | Promise<true> {
    const refusal = refusalOf(request);
    if (refusal !== null) {
      const { status, message, headers } = refusal;
      prepare(response);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      sendGraphqlError(request, response, status, { code: 'BAD_REQUEST', message, details: {} });
      return true;
    }
    if (request.method === 'OPTIONS') {
      prepare(response);
      response.writeHead(204, { Allow: GRAPHQL_METHODS }).end();
      return true;
    }
    // The page is the same for everybody, and has no data in it.
    if (graphiql && (request.method === 'GET' || request.method === 'HEAD') && wantsHtml(request.headers.accept)) {
      return answerWithPage(request, response);
    }
    if (isRequestAllowed(request.headers, allowedOrigins)) return false;
    throw new AccessRefusal('origin', 'Pages of this origin may not ask here: list it in ALLOWED_ORIGINS of the gateway where they should');
  }

  async function answerWithPage(request: IncomingMessage, response: ServerResponse): Promise<true> {
    page ??= loadGraphiqlPage();
    prepare(response);
    await sendGraphiql(await page, request, response);
    return true;
  }

  /** True where the answer is given, or nobody waits for it; else what Yoga has to take. Rejects with LIMIT_EXCEEDED for a body that is too long. */
  async function tryDirectly(request: IncomingMessage, response: ServerResponse, asker: Asker): Promise<true | Admission | undefined> {
    if (request.method !== 'POST') return undefined;
    const body = await guard.body(request);
    if (body === null) return true;
    const { accept, 'x-operator': operator } = request.headers;
    const direct = answerDirectly({ asker, accept, operator, traceparent: traceparentOf(request), body }, response);
    if (direct !== true) handBody(request, body);
    return direct;
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    allowOrigin(request, response, allowedOrigins);
    const form = answerForm(request, response);
    if (form !== false && (await form)) return;
    const asked = guard.request(request, response);
    let isLasting = false;
    try {
      // A turn of the event loop's queue for each promise: most requests need one for their body, and none for anything else.
      const found = askers.ofRequest(request);
      const asker = found instanceof Promise ? await found : found;
      const stale = staleHeader(registry.freshness(), now());
      if (stale !== null) response.setHeader(STALE_HEADER, stale);
      const admission = await tryDirectly(request, response, asker);
      if (admission === true) return;
      isLasting = true;
      prepare(response);
      response.once('close', asked);
      if (asker.expiresAt !== null) {
        // A broken stream makes its client come again, with a token that counts; a clean end would tell it that all is said.
        response.once(
          'close',
          atTime(asker.expiresAt, now, () => response.destroy()),
        );
      }
      spellOut(request);
      await answerBy(endpoint, request, response, { asker, admission });
    } finally {
      if (!isLasting) asked();
    }
  };
}
