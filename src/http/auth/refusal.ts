import { type ErrorCode, GatewayError } from '../../errors.ts';
import type { AccessProblem } from '../../graphql/access.ts';
import type { Scope } from '../../graphql/asker.ts';

/** Why somebody was turned away; the label of the metric, so there are few. */
export type RefusalReason =
  | 'no_token'
  | 'malformed'
  | 'unknown_token'
  | 'invalid_jwt'
  | 'expired'
  | 'keys_unavailable'
  | 'scope'
  | 'origin'
  | 'host';

interface Answer {
  readonly code: ErrorCode;
  /** Of the HTTP answer. */
  readonly status: 401 | 403 | 421 | 503;
  /** Close code of a WebSocket. The stock client (graphql-ws) gives up at 4401, and connects again after 4403 and 1013. */
  readonly close: 4401 | 4403 | 1013;
  /** `error` of the challenge (RFC 6750, section 3.1); null: a challenge without one; undefined: no challenge. */
  readonly challenge?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | null;
}

const ANSWERS: Readonly<Record<RefusalReason, Answer>> = {
  no_token: { code: 'UNAUTHENTICATED', status: 401, close: 4401, challenge: null },
  malformed: { code: 'UNAUTHENTICATED', status: 401, close: 4401, challenge: 'invalid_request' },
  unknown_token: { code: 'UNAUTHENTICATED', status: 401, close: 4401, challenge: 'invalid_token' },
  invalid_jwt: { code: 'UNAUTHENTICATED', status: 401, close: 4401, challenge: 'invalid_token' },
  expired: { code: 'UNAUTHENTICATED', status: 401, close: 4401, challenge: 'invalid_token' },
  keys_unavailable: { code: 'BACKEND_UNAVAILABLE', status: 503, close: 1013 },
  scope: { code: 'FORBIDDEN', status: 403, close: 4403, challenge: 'insufficient_scope' },
  origin: { code: 'FORBIDDEN', status: 403, close: 4403 },
  host: { code: 'FORBIDDEN', status: 421, close: 4403 },
};

/** Seconds after which it is worth to ask again when the issuer's keys could not be had. */
const RETRY_AFTER = 5;

/** Somebody is turned away where a request or a socket enters. The message never repeats what was shown. */
export class AccessRefusal extends GatewayError {
  readonly reason: RefusalReason;
  readonly status: number;
  readonly closeCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(reason: RefusalReason, message: string, { scope, cause }: { readonly scope?: Scope; readonly cause?: unknown } = {}) {
    const { code, status, close, challenge } = ANSWERS[reason];
    super(code, message, {}, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.status = status;
    this.closeCode = close;
    this.headers = {
      ...(challenge === undefined ? {} : { 'WWW-Authenticate': challengeOf(challenge, message, scope) }),
      ...(status === 503 ? { 'Retry-After': String(RETRY_AFTER) } : {}),
    };
  }

  static of({ reason, message, scope }: AccessProblem): AccessRefusal {
    return new AccessRefusal(reason, message, { scope });
  }
}

/** RFC 6750, section 3. `error_description` has no quotes, back slashes or anything beyond ASCII. */
function challengeOf(error: string | null, message: string, scope: Scope | undefined): string {
  const parts = ['Bearer realm="discovery-gateway"'];
  if (error !== null) parts.push(`error="${error}"`, `error_description="${message.replace(/["\\]|[^\x20-\x7e]/g, "'")}"`);
  if (error === 'insufficient_scope' && scope !== undefined) parts.push(`scope="${scope}"`);
  return parts.join(', ');
}

/** How often somebody was turned away since the start, by why; read by the metrics. */
export class RefusalCounts {
  readonly #counts = new Map<RefusalReason, number>(Object.keys(ANSWERS).flatMap((reason) => (isReason(reason) ? [[reason, 0]] : [])));

  add(reason: RefusalReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  read(): ReadonlyMap<RefusalReason, number> {
    return this.#counts;
  }
}

function isReason(text: string): text is RefusalReason {
  return Object.hasOwn(ANSWERS, text);
}
