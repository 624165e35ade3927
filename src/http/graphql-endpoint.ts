import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Limits } from '../config/limits.ts';
import type { Asker } from '../graphql/asker.ts';
import { createContext, type GraphqlContext } from '../graphql/context.ts';
import type { ErrorMask } from '../graphql/errors.ts';
import { type Log, maskSecrets } from '../log.ts';
import type { Registry } from '../registry/registry.ts';
import { useDeferredParts } from './deferred-parts.ts';
import type { Admission } from './direct-answer.ts';
import { useNegotiation } from './negotiation.ts';
import type { OperationWatch } from './operation-watch.ts';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlEndpointOptions {
  readonly schema: GraphQLSchema;
  readonly registry: Registry;
  readonly maskError: ErrorMask;
  readonly log: Pick<Log, 'debug' | 'warn'>;
  readonly limits: Pick<Limits, 'LIMIT_BATCH'>;
  readonly watch: Pick<OperationWatch, 'plugin'>;
  /** What every operation passes, over HTTP and WebSocket. */
  readonly operationLimits: Plugin<object, ServerContext>;
  /** Who may run which operation, over HTTP and WebSocket. */
  readonly operationAccess: Plugin<GraphqlContext>;
}

/** What the server hands in with each request. */
export interface ServerContext {
  readonly asker: Asker;
  /** Where the operation has been at the gate already. */
  readonly admission?: Admission | undefined;
}

export type GraphqlEndpoint = ReturnType<typeof createGraphqlEndpoint>;

/** GraphQL over HTTP (GET, POST, SSE), and the engine that the WebSockets share with it. */
export function createGraphqlEndpoint(options: GraphqlEndpointOptions) {
  const { schema, registry, maskError, log, limits, watch, operationLimits, operationAccess } = options;
  return createYoga<ServerContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ request, asker }) => createContext(registry, asker, request.headers.get('x-operator'), () => request.signal.aborted),
    maskedErrors: { maskError },
    // The request guard does it, before Yoga sees the request.
    maxRequestBodySize: false,
    batching: limits.LIMIT_BATCH === 0 ? false : { limit: limits.LIMIT_BATCH },
    extraParamNames: ['documentId'],
    // The operation gate keeps documents: by what they hold, and so that nobody pushes out those of others.
    parserAndValidationCache: false,
    multipart: false,
    // cors.ts answers, because refusals do not come this far.
    cors: false,
    graphiql: false,
    landingPage: false,
    plugins: [watch.plugin(), useNegotiation(), operationLimits, operationAccess, useDeferredParts(maskError)],
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...parts: unknown[]) => log.warn({ yoga: parts.map(masked) }, 'Yoga warns'),
      // Whatever is masked was logged by the mask, with its correlation id; client errors need no line each.
      error: (...parts: unknown[]) => log.debug({ yoga: parts.map(masked) }, 'Yoga answered with an error'),
    },
  });
}

/** Yoga logs what it was thrown as it was, with whatever a driver wrote into it. */
function masked(part: unknown): string {
  return maskSecrets(String(part));
}
