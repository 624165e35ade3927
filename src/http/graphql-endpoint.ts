import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Asker } from '../graphql/asker.ts';
import { createContext } from '../graphql/context.ts';
import type { ErrorMask } from '../graphql/errors.ts';
import type { Log } from '../log.ts';
import type { Registry } from '../registry/registry.ts';
import { useNegotiation } from './negotiation.ts';
import { STALE_HEADER } from './stale-header.ts';

/** Largest request body, and largest WebSocket message, in bytes. */
export const MAX_REQUEST_BYTES = 1_048_576;

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlEndpointOptions {
  readonly schema: GraphQLSchema;
  readonly registry: Registry;
  readonly maskError: ErrorMask;
  readonly log: Pick<Log, 'debug' | 'warn'>;
  /** Browser pages of other origins that may ask, such as `https://dashboard.example`. */
  readonly allowedOrigins: readonly string[];
}

/** What the server hands in with each request. */
interface ServerContext {
  readonly asker: Asker;
}

export type GraphqlEndpoint = ReturnType<typeof createGraphqlEndpoint>;

/** GraphQL over HTTP (GET, POST, SSE), and the engine that the WebSockets share with it. */
export function createGraphqlEndpoint({ schema, registry, maskError, log, allowedOrigins }: GraphqlEndpointOptions) {
  return createYoga<ServerContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ request, asker }) => createContext(registry, asker, request.headers.get('x-operator')),
    maskedErrors: { maskError },
    maxRequestBodySize: MAX_REQUEST_BYTES,
    batching: false,
    multipart: false,
    // Yoga's default lets every page read every answer.
    cors: allowedOrigins.length === 0 ? false : { origin: [...allowedOrigins], methods: ['GET', 'POST'], exposedHeaders: [STALE_HEADER] },
    graphiql: false,
    landingPage: false,
    plugins: [useNegotiation()],
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...parts: unknown[]) => log.warn({ yoga: parts.map(String) }, 'Yoga warns'),
      // Whatever is masked was logged by the mask, with its correlation id; client errors need no line each.
      error: (...parts: unknown[]) => log.debug({ yoga: parts.map(String) }, 'Yoga answered with an error'),
    },
  });
}
