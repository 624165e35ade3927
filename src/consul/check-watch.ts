import { delay } from '../delay.ts';
import { BackendError } from '../errors.ts';
import type { AgentAddress } from './agent-client.ts';
import { consulError } from './consul-error.ts';
import { type HealthAnswer, HealthQuery, type HealthQueryPace, NODE_CHECK } from './health-query.ts';
import { type ObservedChecks, observe, sameChecks, settle } from './observed-checks.ts';

export interface CheckWatchOptions extends HealthQueryPace {
  readonly address: AgentAddress;
  /** Asked at every answer: a gateway that began with a snapshot may learn that its registry is another. */
  readonly registryId: () => string;
  readonly onChecks: (checks: ObservedChecks, vanished: null) => void;
  /** Where this registry keeps no services. Default: nowhere. */
  readonly isMisplaced?: ((node: string, serviceId: string) => boolean) | undefined;
  readonly onError: (error: Error) => void;
  readonly signal: AbortSignal;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * Milliseconds before the next try after an error: from the first to the longest, doubling, of which 50 to 100 % are slept. The longest is
 * what a gateway may be blind for once Consul answers again, and clients must not be handed what Consul has held critical for 2 s.
 */
const BACKOFF = { first: 200, longest: 1000 } as const;

/**
 * A server that just started answers with an empty catalog until it has read its log again (seen on 1.19.2), and a token without node:read
 * gets an empty list: neither means that all services are gone.
 */
const EMPTY =
  "Consul lists no node's own check: it has just started, or the token in CONSUL_HTTP_TOKEN lacks node:read. What is known of the checks stays, will be retried";

/**
 * Follows the checks of a registry's services with blocking queries until the signal aborts. Reports the whole set at once, again at
 * every change, and again after every outage. An outage is reported by `onError` at each try and never thrown.
 */
export async function followChecks(options: CheckWatchOptions): Promise<void> {
  const { registryId, onChecks, onError, signal, random } = options;
  const query = new HealthQuery(options.address, options);
  const cancel = () => query.cancel();
  signal.addEventListener('abort', cancel);
  let index = 0n;
  let failures = 0;
  let reported: ObservedChecks | null = null;
  let missed: ReadonlySet<string> = new Set();
  try {
    while (!signal.aborted) {
      const answer = await wholeAnswer(query, index).catch((error: unknown) => {
        if (!signal.aborted) onError(consulError('say how the checks stand', error));
        return null;
      });
      if (signal.aborted) return;
      if (answer === null) {
        // Ask without an index afterwards: whatever changed meanwhile is then known at once.
        index = 0n;
        await delay(backoff(failures, random), signal);
        failures += 1;
        continue;
      }
      const seen = observe(answer.rows, registryId(), options.isMisplaced);
      const settled = settle(reported ?? new Map(), seen, missed);
      if (reported === null || failures > 0 || !sameChecks(reported, settled.checks)) onChecks(settled.checks, null);
      reported = settled.checks;
      missed = settled.missing;
      failures = 0;
      index = missed.size > 0 ? 0n : nextIndex(index, answer.index);
      await delay(gapAfter(answer.rows.length), signal);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    query.close();
  }
}

/** Every check, or BackendError where Consul cannot know them all. Throws what the client threw. */
export async function wholeAnswer(query: HealthQuery, index: bigint): Promise<HealthAnswer> {
  const answer = await query.ask('any', index);
  if (!answer.rows.some(({ checkId }) => checkId === NODE_CHECK)) throw new BackendError('consul', EMPTY);
  return answer;
}

/** Consul's rules for blocking queries: start over when the index goes backwards (a restored server), never send one below 1. */
export function nextIndex(asked: bigint, answered: bigint): bigint {
  if (answered < asked) return 0n;
  return answered < 1n ? 1n : answered;
}

/**
 * Milliseconds between two queries. A wake-up after silence is never delayed; a busy catalog is read 5 times a second when it is small,
 * and less often as the answer grows (5,000 checks are some 3 MB of JSON), so that the watch does not eat the gateway's core.
 */
export function gapAfter(checks: number): number {
  return Math.min(1000, 150 + checks / 10);
}

export function backoff(failures: number, random: () => number): number {
  const full = Math.min(BACKOFF.longest, BACKOFF.first * 2 ** Math.min(failures, 10));
  return full * (0.5 + random() / 2);
}
