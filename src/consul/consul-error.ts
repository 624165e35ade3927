import { z } from 'zod';
import { BackendError, RefusedError } from '../errors.ts';
import { CONSUL_TLS, explained, tlsFault } from '../tls-fault.ts';
import { cutText } from './cut-text.ts';

/** An answer that was not 2xx, as the npm client throws it. */
const answered = z.object({ isResponse: z.literal(true), response: z.object({ statusCode: z.number(), body: z.unknown() }) });

export interface ConsulAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Consul understood the call and will refuse it every time. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 414, 422]);

/** Consul repeats a refused value in its message, which can be the whole announcement. */
const MESSAGE_BYTES = 500;

/** The answer inside an error of the npm client, or undefined when Consul did not answer at all (network, deadline). */
export function answerIn(error: unknown): ConsulAnswer | undefined {
  const parsed = answered.safeParse(error);
  return parsed.success ? { status: parsed.data.response.statusCode, body: parsed.data.response.body } : undefined;
}

/**
 * The catalogue's error for a failed call; `action` says what was asked, such as `register service "x"`.
 * An answer's error is never kept as cause: it holds the request with its headers, and so the token.
 */
export function consulError(action: string, error: unknown): BackendError | RefusedError {
  if (error instanceof BackendError || error instanceof RefusedError) return error;
  const answer = answerIn(error);
  if (answer === undefined) {
    const reason = cutText(explained(error, CONSUL_TLS), MESSAGE_BYTES);
    return new BackendError('consul', `No usable answer from Consul, asked to ${action} (outcome unknown, will be retried): ${reason}`, {
      cause: error,
    });
  }
  const said = textOf(answer);
  // Such an agent understood nothing: what was asked of it may be asked again.
  if (tlsFault(said, CONSUL_TLS) !== null) return new BackendError('consul', `Consul did not ${action}: ${explained(said, CONSUL_TLS)}`);
  if (REFUSED.has(answer.status)) return new RefusedError('consul', `Consul refused to ${action}: ${said}`);
  if (answer.status === 401 || answer.status === 403) {
    return new BackendError(
      'consul',
      `Consul denied to ${action}: ${said}. The token in CONSUL_HTTP_TOKEN needs the policy of its mode: deploy/consul, docs/operations.md`,
    );
  }
  if (answer.status === 429) {
    return new BackendError(
      'consul',
      `Consul did not ${action}: too many connections or requests (${said}). Raise limits.http_max_conns_per_client on the agent`,
    );
  }
  return new BackendError('consul', `Consul did not ${action}: ${said}`);
}

function textOf({ status, body }: ConsulAnswer): string {
  const text = typeof body === 'string' ? body : Buffer.isBuffer(body) ? body.toString() : '';
  return text.trim() === '' ? `HTTP ${status}` : `${cutText(text.trim(), MESSAGE_BYTES)} (HTTP ${status})`;
}
