import { GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { GatewayError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Turns whatever an operation threw into what the client may see. The second parameter is Yoga's message, which is not used. */
export type ErrorMask = (error: unknown, message?: string) => GraphQLError;

export interface ErrorMaskOptions {
  readonly log: Pick<Log, 'error'>;
  /** Makes the id under which an internal error is logged and told to the client. */
  readonly newId: () => string;
  /** Told the name of each limit that a client ran into. Default: nobody. */
  readonly onRefusal?: (limit: string) => void;
  /** Leaves out what the GraphQL library suggests, which are names of the schema. Default: false. */
  readonly hideSuggestions?: boolean;
}

/** What the GraphQL library adds to its messages, such as `Did you mean the enum value "RANDOM"?` */
const SUGGESTION = /\s*Did you mean [^?]*\?/g;

/**
 * The one place where errors get their public shape. A GatewayError keeps its message, code and details; what the GraphQL library says
 * of a document or of variables passes, with BAD_USER_INPUT where it has no code; everything else becomes INTERNAL_SERVER_ERROR with a
 * correlation id under which the log has the whole error.
 */
export function createErrorMask({ log, newId, onRefusal, hideSuggestions = false }: ErrorMaskOptions): ErrorMask {
  // One failure often reaches many fields (a batch of 500 nodes): it is logged once, and all of them name the same id.
  const logged = new WeakMap<Error, string>();

  return (error) => {
    const location = error instanceof GraphQLError ? error : undefined;
    const cause = rootOf(error);
    if (cause instanceof GatewayError) {
      if (cause.code === 'LIMIT_EXCEEDED') onRefusal?.(String(cause.details['limit'] ?? 'argument'));
      return located(location, cause.message, { ...httpOf(location), ...cause.details, code: cause.code });
    }
    if (cause instanceof GraphQLError && location !== undefined) {
      if (location.extensions['code'] !== undefined) return location;
      if (!isResultError(location)) {
        const message = hideSuggestions ? location.message.replace(SUGGESTION, '') : location.message;
        return located(location, message, { ...location.extensions, code: 'BAD_USER_INPUT' });
      }
    }
    let correlationId = cause instanceof Error ? logged.get(cause) : undefined;
    if (correlationId === undefined) {
      correlationId = newId();
      if (cause instanceof Error) logged.set(cause, correlationId);
      log.error({ error: cause, correlationId, path: location?.path?.join('.') }, 'GraphQL operation failed; the client gets the id only');
    }
    return located(location, `Internal error. The gateway's log has it under correlation id ${correlationId}.`, {
      code: 'INTERNAL_SERVER_ERROR',
      correlationId,
      // Yoga's mark for an answer with status 500 where there is no data; it takes it off before sending.
      unexpected: true,
    });
  };
}

/** A masked error as the client gets it: without the notes that are for Yoga. */
export function visible(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON();
  const { http: _http, unexpected: _unexpected, ...told } = extensions ?? {};
  return { ...rest, extensions: told };
}

/** What was thrown first, below the locations that the executor wrapped around it. */
function rootOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError;
  return cause;
}

/** A failure to serialise what a resolver returned: the executor locates it at the field, wrong input at the argument. */
function isResultError(error: GraphQLError): boolean {
  return error.path !== undefined && error.nodes?.[0]?.kind === Kind.FIELD;
}

/** Yoga's HTTP status for errors that came up before execution. */
function httpOf(error: GraphQLError | undefined): { readonly http?: unknown } {
  const http = error?.extensions['http'];
  return http === undefined ? {} : { http };
}

function located(location: GraphQLError | undefined, message: string, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, {
    nodes: location?.nodes,
    source: location?.source,
    positions: location?.positions,
    path: location?.path,
    extensions,
  });
}
