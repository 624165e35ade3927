import { GatewayError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { Ejections } from './ejections.ts';
import type { InstanceWatch } from './instance-watch.ts';
import type { ObservedCheck } from './ports.ts';
import type { Probing } from './probing.ts';
import type { FailureReport, Reporter, ReportOutcome } from './registry.ts';
import type { RegistryView } from './view.ts';

/** All reports of one node within this time share one probe. Milliseconds. */
const SHARED = 1000;
/** A report waits for so long for a probe to begin. Milliseconds. */
const PATIENCE = 3000;

export interface FailureReportsParts {
  readonly view: RegistryView;
  readonly probing: Probing;
  readonly watch: InstanceWatch;
  readonly ejections: Ejections;
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  /** LIMIT_FAILURE_REPORTS, of one asker. */
  readonly perMinute: number;
  readonly log: Log;
}

/** What clients report of calls that failed. A report makes the gateway probe at once, and puts nobody out: the probe does, or does not. */
export class FailureReports {
  readonly #parts: FailureReportsParts;
  readonly #allowance: TokenBuckets;
  readonly #recent = new Map<NodeId, { readonly at: number; readonly found: Promise<ObservedCheck | null> }>();

  constructor(parts: FailureReportsParts) {
    this.#parts = parts;
    const { perMinute, monotonic } = parts;
    // A sixth of a minute's at once: who loses a whole service has many calls that fail.
    this.#allowance = new TokenBuckets({ rate: perMinute / 60, burst: perMinute / 6, now: monotonic });
  }

  /** Throws LIMIT_EXCEEDED for an asker who reports too often, NODE_NOT_FOUND. */
  async report(
    { nodeId, reason }: { readonly nodeId: string; readonly reason?: string | null },
    reporter: Reporter,
  ): Promise<FailureReport> {
    const { view, perMinute, log } = this.#parts;
    const wait = this.#allowance.take(reporter.key);
    if (wait > 0) {
      const retryAfter = Math.ceil(wait / 1000);
      throw new GatewayError(
        'LIMIT_EXCEEDED',
        `one client may report ${perMinute} failed calls a minute: report again in ${retryAfter} s (LIMIT_FAILURE_REPORTS=${perMinute})`,
        { limit: 'LIMIT_FAILURE_REPORTS', max: perMinute, retryAfter },
      );
    }
    const reported = view.get(nodeId);
    if (reported === undefined) throw new GatewayError('NODE_NOT_FOUND', `there is no node "${nodeId}"`, { nodeId });
    const observed = await this.#probe(reported.nodeId);
    const outcome = this.#outcome(reported.nodeId, observed);
    log.info({ nodeId, reason, operator: reporter.operator, outcome, found: observed?.output }, 'a client reported a failed call');
    return { node: view.get(nodeId) ?? reported, probed: observed !== null, outcome, output: observed?.output ?? null };
  }

  #probe(nodeId: NodeId): Promise<ObservedCheck | null> {
    const { probing, watch, monotonic } = this.#parts;
    const now = monotonic();
    for (const [id, { at }] of this.#recent) {
      if (now - at < SHARED) break;
      this.#recent.delete(id);
    }
    const recent = this.#recent.get(nodeId);
    if (recent !== undefined) return recent.found;
    // Whoever reports it was about to use it.
    if (probing.isProbeable(nodeId)) watch.note(nodeId);
    const found = probing.examine(nodeId, PATIENCE);
    this.#recent.set(nodeId, { at: now, found });
    return found;
  }

  #outcome(nodeId: NodeId, observed: ObservedCheck | null): ReportOutcome {
    const { ejections } = this.#parts;
    if (ejections.has(nodeId)) return 'EJECTED';
    if (ejections.isFailing(nodeId)) return 'FAILING';
    return observed === null ? 'UNKNOWN' : 'ANSWERING';
  }
}
