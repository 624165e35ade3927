import { EventEmitter } from 'node:events';
import { z } from 'zod';
import { delay } from '../delay.ts';
import { BackendError } from '../errors.ts';
import { type AgentAddress, AgentClient } from './agent-client.ts';
import { consulError } from './consul-error.ts';
import { type CheckRow, type ObservedChecks, observe, sameChecks, settle } from './observed-checks.ts';
import { PLATFORM_TAGS } from './service-definition.ts';

export interface CheckWatchOptions {
  readonly address: AgentAddress;
  /** Asked at every answer: a gateway that began with a snapshot may learn that its registry is another. */
  readonly registryId: () => string;
  readonly onChecks: (checks: ObservedChecks) => void;
  readonly onError: (error: Error) => void;
  readonly signal: AbortSignal;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** How long Consul may hold a query without news, in milliseconds. Default: 30,000. */
  readonly wait?: number;
  /** Milliseconds beyond Consul's own limit (`wait`, and up to a 16th of it) after which a silent connection is hung. Default: 3,000. */
  readonly margin?: number;
}

const DEFAULT_WAIT = 30_000;
const DEFAULT_MARGIN = 3000;

/**
 * Milliseconds before the next try after an error: from the first to the longest, doubling, of which 50 to 100 % are slept. The longest is
 * what a gateway may be blind for once Consul answers again, and clients must not be handed what Consul has held critical for 2 s.
 */
const BACKOFF = { first: 200, longest: 1000 } as const;

/**
 * The check that every agent has on itself. A server that just started answers with an empty catalog until it has read its log again
 * (seen on 1.19.2), and a token without node:read gets an empty list: neither means that all services are gone.
 */
const NODE_CHECK = 'serfHealth';
const EMPTY =
  "Consul lists no node's own check: it has just started, or the token in CONSUL_HTTP_TOKEN lacks node:read. What is known of the checks stays, will be retried";

const answerSchema = z.tuple([
  z.object({ headers: z.object({ 'x-consul-index': z.string().regex(/^\d+$/).transform(BigInt) }) }),
  z.array(
    z
      .object({
        Node: z.string(),
        CheckID: z.string(),
        ServiceID: z.string(),
        Status: z.enum(['passing', 'warning', 'critical']),
        Output: z.string(),
        Notes: z.string(),
      })
      .transform(
        (check): CheckRow => ({
          node: check.Node,
          checkId: check.CheckID,
          serviceId: check.ServiceID,
          status: check.Status,
          output: check.Output,
          notes: check.Notes,
        }),
      ),
  ),
]);

/** Makes the npm client return the response with its headers, and cancels the request at its `cancel`. */
class QueryContext extends EventEmitter {
  readonly includeResponse = true;
}

/**
 * Follows the checks of a registry's services with blocking queries until the signal aborts. Reports the whole set at once, again at
 * every change, and again after every outage. An outage is reported by `onError` at each try and never thrown.
 */
export async function followChecks(options: CheckWatchOptions): Promise<void> {
  const { registryId, onChecks, onError, signal, random } = options;
  const wait = options.wait ?? DEFAULT_WAIT;
  const deadline = wait + wait / 16 + (options.margin ?? DEFAULT_MARGIN);
  let current: QueryContext | null = null;
  const cancel = () => {
    current?.emit('cancel');
  };
  // The npm client waits for the end of a body that will never come when the connection breaks inside it: end the query instead.
  const client = new AgentClient(options.address, { maxSockets: 1, onDisconnect: cancel });
  signal.addEventListener('abort', cancel);
  const query = async (index: bigint) => {
    current = new QueryContext();
    const request = {
      state: 'any' as const,
      filter: `CheckID == ${JSON.stringify(NODE_CHECK)} or ${JSON.stringify(PLATFORM_TAGS[0])} in ServiceTags`,
      ...(index === 0n ? {} : { index: String(index), wait: `${wait}ms` }),
      timeout: deadline,
      ctx: current,
    };
    const answer: unknown = await client.health.state(request);
    const [response, rows] = answerSchema.parse(answer);
    if (!rows.some((row) => row.checkId === NODE_CHECK)) throw new BackendError('consul', EMPTY);
    return { index: response.headers['x-consul-index'], rows };
  };

  let index = 0n;
  let failures = 0;
  let reported: ObservedChecks | null = null;
  let missed: ReadonlySet<string> = new Set();
  try {
    while (!signal.aborted) {
      const answer = await query(index).catch((error: unknown) => {
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
      const seen = observe(answer.rows, registryId());
      const settled = settle(reported ?? new Map(), seen, missed);
      if (reported === null || failures > 0 || !sameChecks(reported, settled.checks)) onChecks(settled.checks);
      reported = settled.checks;
      missed = settled.missing;
      failures = 0;
      index = missed.size > 0 ? 0n : nextIndex(index, answer.index);
      await delay(gapAfter(answer.rows.length), signal);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    client.destroy();
  }
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
