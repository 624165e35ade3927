import type { Explanation } from './explanation.ts';

/**
 * What the client throws. `code` is a gateway's `extensions.code` (`BAD_USER_INPUT`, `UNAUTHENTICATED`, `FORBIDDEN`, `LIMIT_EXCEEDED`, …), or
 * one of the client's own: `NO_HEALTHY_SERVICE`, `REGISTRY_UNAVAILABLE`, `UNEXPECTED_ANSWER`, `CLIENT_CLOSED`.
 */
export class DiscoveryError extends Error {
  override readonly name: string = 'DiscoveryError';
  readonly code: string;
  /** What else the gateway said, such as `limit`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** The registry is known, and holds no healthy service of that kind. */
export class NoHealthyService extends DiscoveryError {
  override readonly name = 'NoHealthyService';
  readonly capability: string;
  /** No gateway confirms this at the moment: until when it was known to be right. Null when it is. */
  readonly staleSince: Date | null;
  /** What the gateway says of it: who has it and is not well, and near names. Null where none is there to say. */
  readonly explanation: Explanation | null;

  constructor(capability: string, message: string, staleSince: Date | null, explanation: Explanation | null) {
    super('NO_HEALTHY_SERVICE', message);
    this.capability = capability;
    this.explanation = explanation;
    this.staleSince = staleSince;
  }
}

/** No gateway answered in time, and nothing is known from before. */
export class RegistryUnavailable extends DiscoveryError {
  override readonly name = 'RegistryUnavailable';

  constructor(message: string) {
    super('REGISTRY_UNAVAILABLE', message);
  }
}

const PASSING: ReadonlySet<string> = new Set(['BACKEND_UNAVAILABLE', 'INTERNAL_SERVER_ERROR', 'REGISTRY_UNAVAILABLE']);

/** Whether it is of the moment: the gateway, or what stands behind it, is not well. */
export function passes({ code }: DiscoveryError): boolean {
  return PASSING.has(code);
}

export function clientClosed(): DiscoveryError {
  return new DiscoveryError('CLIENT_CLOSED', 'This client was closed');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
