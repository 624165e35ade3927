import { type CombinedError, type ExecutionResult, fetchExchange, subscriptionExchange, Client as UrqlClient } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient, type Sink } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

export type Variables = Record<string, unknown>;

/** An answer in one form, whatever the client makes of it. */
export interface Result {
  readonly data: unknown;
  /** `extensions.code` of each error. */
  readonly codes: readonly unknown[];
}

export interface Watch {
  /** Takes the subscription back. */
  stop(): void;
}

/** A client as its users get it, with what its recipe in docs/PROTOCOL.md says of resuming. */
export interface StockClient {
  /** The answer; of several parts, urql puts all together, and the others say the first. */
  ask(query: string, variables?: Variables): Promise<Result>;
  /** Follows `registrationChanges`, over a broken connection too. `variables.after` is moved on with every change. */
  watch(query: string, variables: Variables, next: (result: Result) => void): Watch;
}

/** Milliseconds before a client connects again, instead of its usual second. */
const PAUSE = 20;

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, PAUSE));

export const STOCK_CLIENTS: readonly (readonly [string, (url: string) => StockClient])[] = [
  ['graphql-ws', graphqlWs],
  ['graphql-sse', graphqlSse],
  ['urql over fetch', (url) => urql(urqlOverFetch(url, false))],
  ['urql over fetch, with GET for queries', (url) => urql(urqlOverFetch(url, true))],
  ['urql over graphql-ws', (url) => urql(urqlOverWebSocket(url))],
];

interface RawResult {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> }[];
}

function resultOf({ data = null, errors = [] }: RawResult): Result {
  return { data, codes: errors.map((error) => error.extensions?.['code']) };
}

function advance(variables: Variables, data: unknown): void {
  const after = cursorIn(data);
  if (after !== undefined) variables['after'] = after;
}

/** The cursor of a change that came with `registrationChanges`. */
export function cursorIn(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('registrationChanges' in data)) return undefined;
  const change = data.registrationChanges;
  return typeof change === 'object' && change !== null && 'cursor' in change ? change.cursor : undefined;
}

function webSocketClient(url: string) {
  // Connects with the first operation, and closes the socket with the last one.
  return createWebSocketClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: pause,
  });
}

function graphqlWs(url: string): StockClient {
  const client = webSocketClient(url);
  return {
    ask: async (query, variables = {}) => {
      try {
        for await (const result of client.iterate({ query, variables })) return resultOf(result);
      } catch (errors) {
        // The protocol's `error` message: nothing was executed.
        if (Array.isArray(errors)) return resultOf({ errors });
        throw errors;
      }
      throw new Error('no answer');
    },
    watch: (query, variables, next) => {
      const stop = client.subscribe(
        { query, variables },
        {
          next: (result) => {
            advance(variables, result.data);
            next(resultOf(result));
          },
          error: (errors) => next(resultOf({ errors: Array.isArray(errors) ? errors : [] })),
          complete: () => undefined,
        },
      );
      return { stop };
    },
  };
}

function graphqlSse(url: string): StockClient {
  const client = createSseClient({ url: `${url}/graphql`, retryAttempts: Number.POSITIVE_INFINITY, retry: pause });
  onTestFinished(() => client.dispose());
  return {
    ask: async (query, variables = {}) => {
      for await (const result of client.iterate({ query, variables })) return resultOf(result);
      throw new Error('no answer');
    },
    watch: (query, variables, next) => {
      const stop = client.subscribe(
        { query, variables },
        {
          next: (result) => {
            advance(variables, result.data);
            next(resultOf(result));
          },
          error: () => undefined,
          complete: () => undefined,
        },
      );
      return { stop };
    },
  };
}

function urqlOverFetch(url: string, preferGetMethod: boolean): UrqlClient {
  return new UrqlClient({
    url: `${url}/graphql`,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    preferGetMethod: preferGetMethod ? 'force' : false,
  });
}

function urqlOverWebSocket(url: string): UrqlClient {
  const socket = webSocketClient(url);
  const overSocket = subscriptionExchange({
    enableAllOperations: true,
    forwardSubscription: ({ query = '', variables }) => {
      // The socket's client sends these again when it connects again.
      const moving = { ...variables };
      const subscribe = (sink: Sink<ExecutionResult>) => {
        const next = (result: ExecutionResult) => {
          advance(moving, result.data);
          sink.next(result);
        };
        return { unsubscribe: socket.subscribe({ query, variables: moving }, { ...sink, next }) };
      };
      return { subscribe };
    },
  });
  return new UrqlClient({ url: `${url}/graphql`, exchanges: [overSocket], preferGetMethod: false });
}

function urql(client: UrqlClient): StockClient {
  return {
    ask: (query, variables = {}) => {
      const source = query.trimStart().startsWith('mutation') ? client.mutation(query, variables) : client.query(query, variables);
      // Not toPromise(): with an answer in parts, it aborts the request on the last part, which Node calls an unhandled rejection.
      return new Promise((resolve, reject) => {
        source.subscribe(({ data, error, hasNext }) => {
          if (error?.networkError !== undefined) reject(error.networkError);
          else if (!hasNext) resolve(urqlResult(data, error));
        });
      });
    },
    watch: (query, variables, next) => {
      let stop: () => void = () => undefined;
      const begin = () => {
        const { unsubscribe } = client.subscription(query, { ...variables }).subscribe(({ data, error }) => {
          advance(variables, data);
          if (error?.networkError === undefined) next(urqlResult(data, error));
          else void pause().then(begin);
        });
        stop = unsubscribe;
      };
      begin();
      return { stop: () => stop() };
    },
  };
}

function urqlResult(data: unknown, error: CombinedError | undefined): Result {
  return { data: data ?? null, codes: (error?.graphQLErrors ?? []).map((each) => each.extensions['code']) };
}
