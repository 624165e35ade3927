/** The codes of the public contract (`extensions.code` in GraphQL). Internal errors are not in here: they are masked. */
export type ErrorCode =
  | 'BAD_USER_INPUT'
  | 'NODE_NOT_FOUND'
  | 'CURSOR_EXPIRED'
  | 'CURSOR_INVALID'
  | 'SUBSCRIBER_TOO_SLOW'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LIMIT_EXCEEDED'
  | 'BACKEND_UNAVAILABLE';

/** An error that a client may see: its message says what was wrong and what to do. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  /** More for the client, such as `lastCursor`. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** A back end did not answer, or not in time. What was asked of it may or may not have happened. Retried. */
export class BackendError extends Error {
  override readonly name: string = 'BackendError';
  readonly backend: Backend;

  constructor(backend: Backend, message: string, options?: ErrorOptions) {
    super(message, options);
    this.backend = backend;
  }
}

/** A back end answered, but others were in the way (a lock, a deadlock): retried, and no reason to think it ill. */
export class ContentionError extends BackendError {
  override readonly name = 'ContentionError';
}

/** A back end did not answer in time, and what was asked of it goes on: it may still happen, until `settled` resolves. */
export class UnsettledError extends BackendError {
  override readonly name = 'UnsettledError';
  readonly settled: Promise<void>;

  constructor(backend: Backend, message: string, settled: Promise<void>) {
    super(backend, message);
    this.settled = settled;
  }
}

/** This gateway is not the leader any more: what it was about to do as the leader is not done. No back end failed. */
export class DeposedError extends Error {
  override readonly name = 'DeposedError';
}

/** A back end understood and refused for good (Consul 400, a Postgres data error): the same call never succeeds. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly backend: Backend;

  constructor(backend: Backend, message: string, options?: ErrorOptions) {
    super(message, options);
    this.backend = backend;
  }
}

/** The service id stands in Consul already, under somebody else's mark: the service may stand beside it, under the alternative id. */
export class TakenError extends RefusedError {
  readonly alternative: string;

  constructor(message: string, alternative: string) {
    super('consul', message);
    this.alternative = alternative;
  }
}

export type Backend = 'kafka' | 'consul' | 'postgres';

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
