import { GraphQLError } from 'graphql';
import type { LimitName } from '../config/limits.ts';
import { GatewayError } from '../errors.ts';

export interface Refusal {
  /** The environment variable that sets the limit, or the name of one that is fixed. */
  readonly limit: LimitName | 'INTROSPECTION_DEPTH';
  /** What it allows, in its own unit. */
  readonly max: number;
  /** One sentence: what is allowed, what came, what to do. */
  readonly message: string;
  /** Milliseconds after which the same would be let through; absent where it never is. */
  readonly retryAfter?: number;
}

/** A refusal as LIMIT_EXCEEDED; `retryAfter` is told in whole seconds, as in the header of that name. */
export function limitExceeded({ limit, max, message, retryAfter }: Refusal): GatewayError {
  const details: Record<string, string | number> = { limit, max };
  if (retryAfter !== undefined) details['retryAfter'] = inSeconds(retryAfter);
  return new GatewayError('LIMIT_EXCEEDED', `${message} (${limit}=${max})`, details);
}

/** The same with a status for HTTP: 400 for what a document says, 413 for size, 429 for rates and counts, 503 for time. */
export function refusedWith(status: 400 | 413 | 429 | 503, refusal: Refusal): GraphQLError {
  const headers = refusal.retryAfter === undefined ? {} : { headers: { 'Retry-After': String(inSeconds(refusal.retryAfter)) } };
  const cause = limitExceeded(refusal);
  return new GraphQLError(cause.message, { originalError: cause, extensions: { http: { status, ...headers } } });
}

function inSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

/** Whether an error is a refusal of {@link refusedWith}. */
export function isRefusal(error: unknown): boolean {
  return error instanceof GraphQLError && error.originalError instanceof GatewayError && error.originalError.code === 'LIMIT_EXCEEDED';
}
