import { z } from 'zod';
import { duration, number } from './values.ts';

const ANY = 1_000_000_000;

/**
 * How much one client may ask for. A refusal names the variable that it comes from, so a limit is called the same everywhere: here, in the
 * code, in `extensions.limit` and in the metrics. The defaults are such that a dashboard or an orchestrator in its senses never meets one.
 */
export const limitVariables = z.object({
  // One document.
  LIMIT_DOCUMENT: number(32_768, 1, ANY),
  LIMIT_TOKENS: number(2000, 1, ANY),
  LIMIT_DEPTH: number(16, 1, ANY),
  LIMIT_FIELDS: number(1000, 1, ANY),
  LIMIT_FRAGMENTS: number(100, 0, ANY),
  LIMIT_ALIASES: number(50, 0, ANY),
  LIMIT_REPEATS: number(50, 1, ANY),
  LIMIT_ROOT_FIELDS: number(30, 1, ANY),
  LIMIT_DIRECTIVES: number(50, 0, ANY),
  // One operation of it.
  LIMIT_COST: number(20_000, 1, ANY),
  LIMIT_PAGE_SIZE: number(1000, 1, ANY),
  LIMIT_VARIABLES: number(65_536, 2, ANY),
  LIMIT_QUERY_TIME: duration('10s'),
  // One request, one message.
  LIMIT_BODY: number(131_072, 100, ANY),
  LIMIT_BATCH: number(0, 0, 1000),
  LIMIT_MESSAGE: number(131_072, 100, ANY),
  LIMIT_INIT_WAIT: duration('3s'),
  // One client. 0 switches a rate off.
  LIMIT_RATE: number(10_000, 0, ANY),
  LIMIT_RATE_BURST: number(20_000, 1, ANY),
  LIMIT_DOCUMENT_RATE: number(200, 0, ANY),
  LIMIT_COST_RATE: number(200_000, 0, ANY),
  LIMIT_BYTE_RATE: number(8_000_000, 0, ANY),
  LIMIT_MESSAGE_RATE: number(2000, 0, ANY),
  LIMIT_REFUSAL_RATE: number(100, 0, ANY),
  LIMIT_REQUESTS: number(1000, 1, ANY),
  LIMIT_CONNECTIONS: number(2000, 1, ANY),
  LIMIT_SUBSCRIPTIONS: number(2000, 0, ANY),
  LIMIT_SOCKET_OPERATIONS: number(100, 1, ANY),
  // All clients.
  LIMIT_CONNECTIONS_TOTAL: number(20_000, 1, ANY),
});

/** Counts, bytes, characters, cost, and milliseconds; rates are per second. */
export type Limits = Readonly<z.output<typeof limitVariables>>;
export type LimitName = keyof Limits;

/** The limits, of an environment in which nothing is wrong with them. */
export function limitConfig(env: Readonly<Record<string, unknown>>): Limits {
  return limitVariables.parse(env);
}

/** What holds where the environment says nothing. */
export function defaultLimits(): Limits {
  return limitConfig({});
}
