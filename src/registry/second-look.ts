import { delay } from '../delay.ts';
import { BackendError, RefusedError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import type { Change } from './change.ts';
import { judged } from './decide.ts';
import type { Hearing } from './health.ts';
import { mapBounded } from './map-bounded.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthProbe, ObservedCheck, RegistrationStore, ServiceCatalog, Writes } from './ports.ts';
import { serviceOf } from './service-of.ts';
import { NOTHING, writesOf } from './writes.ts';

/** After a registration whose endpoint did not answer it is tried again this much later, each time. Milliseconds. */
const LOOKS = [500, 1000, 2000, 4000, 8000, 15_000];
const TICK = 250;
const CONCURRENCY = 32;
/** Nodes watched at once; more than these are left to Consul. */
const MAX_NODES = 1000;

export interface SecondLookParts {
  readonly store: RegistrationStore;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
  readonly hearing: () => Hearing;
  readonly log: Log;
  readonly onCommitted: () => void;
}

interface Waiting {
  readonly node: NodeRecord;
  readonly look: number;
  readonly due: number;
}

/**
 * Many a node announces itself a moment before its health endpoint listens. Consul would notice up to two check intervals later, a
 * minute with the defaults; so for half a minute the gateway looks itself, and starts the check anew as passing once the endpoint answers.
 */
export class SecondLook {
  readonly #parts: SecondLookParts;
  readonly #waiting = new Map<NodeId, Waiting>();

  constructor(parts: SecondLookParts) {
    this.#parts = parts;
  }

  /** Takes note of registrations whose endpoint did not answer. */
  consider(changes: readonly Change[]): void {
    const { now } = this.#parts.hearing();
    for (const { type, node } of changes) {
      const isWorthIt = (type === 'ADDED' || type === 'MODIFIED') && node.state === 'REGISTERED' && node.checkStatus === 'critical';
      if (!isWorthIt) this.#waiting.delete(node.nodeId);
      else if (this.#waiting.size < MAX_NODES) this.#schedule(node, 0, now);
    }
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(TICK, signal);
      const { now } = this.#parts.hearing();
      const due = [...this.#waiting.values()].filter((waiting) => waiting.due <= now);
      if (due.length > 0 && !signal.aborted) await mapBounded(due, CONCURRENCY, (waiting) => this.#look(waiting));
    }
  }

  async #look({ node, look }: Waiting): Promise<void> {
    const { catalog, probe, hearing, log } = this.#parts;
    const observed = await probe.probe(serviceOf(catalog, node).check);
    // Another announcement came meanwhile, and with it another schedule.
    if (this.#waiting.get(node.nodeId)?.node !== node) return;
    this.#waiting.delete(node.nodeId);
    try {
      if (observed?.status === 'passing') await this.#pass(node, observed);
      else this.#schedule(node, look + 1, hearing().now);
    } catch (error) {
      if (!(error instanceof BackendError || error instanceof RefusedError)) throw error;
      log.warn({ nodeId: node.nodeId, error: error.message }, 'could not start a check anew, will look again');
      this.#schedule(node, look + 1, hearing().now);
    }
  }

  async #pass({ nodeId, contentHash }: NodeRecord, observed: ObservedCheck): Promise<void> {
    const { store, catalog, hearing, log, onCommitted } = this.#parts;
    const changes = await store.transact([nodeId], [], async ({ nodes }): Promise<Writes> => {
      const stored = nodes.get(nodeId);
      if (stored?.state !== 'REGISTERED' || stored.checkStatus !== 'critical' || stored.contentHash !== contentHash) return NOTHING;
      await catalog.register(serviceOf(catalog, stored), observed.status);
      return writesOf([judged(stored, observed, `check_${observed.status}`, hearing())]);
    });
    if (changes.length === 0) return;
    log.info({ nodeId }, 'its endpoint answers now, started its check anew');
    onCommitted();
  }

  #schedule(node: NodeRecord, look: number, now: number): void {
    const wait = LOOKS[look];
    if (wait !== undefined) this.#waiting.set(node.nodeId, { node, look, due: now + wait });
  }
}
