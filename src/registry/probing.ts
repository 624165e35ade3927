import { delay } from '../delay.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { unlessAborted } from '../unless-aborted.ts';
import { Broadcast } from './broadcast.ts';
import type { Ejections } from './ejections.ts';
import type { InstanceWatch } from './instance-watch.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthProbe, ObservedCheck, ProbedStatus, ServiceCatalog } from './ports.ts';
import { SECOND_TRY } from './second-try.ts';
import { serviceOf } from './service-of.ts';
import type { RegistryView } from './view.ts';

/** Between two looks for what is due. Milliseconds. */
const TICK = 50;
/** The same while nobody asks for anything: only what was found too long ago is forgotten. Milliseconds. */
const IDLE = 5000;

export interface ProbingParts {
  readonly view: RegistryView;
  readonly watch: InstanceWatch;
  readonly ejections: Ejections;
  readonly catalog: ServiceCatalog;
  readonly probe: HealthProbe;
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  /** PROBE_CONCURRENCY: probes under way at once, asked-for ones included. */
  readonly concurrency: number;
  readonly log: Log;
}

/**
 * Probes the instances that clients ask for, with the check that Consul has too, so that one that dies leaves the answers within seconds
 * and not after Consul's next check. One probe of an instance at a time, whoever asks; nothing is probed that nobody asks for.
 */
export class Probing {
  readonly #parts: ProbingParts;
  readonly #running = new Map<NodeId, Promise<ObservedCheck | null>>();
  readonly #ended = new Broadcast();
  readonly #counts: Record<ProbedStatus, number> = { passing: 0, warning: 0, critical: 0 };
  #signal: AbortSignal | null = null;

  constructor(parts: ProbingParts) {
    this.#parts = parts;
  }

  /** Probes made since the start, by what they found. */
  counts(): Readonly<Record<ProbedStatus, number>> {
    return this.#counts;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, ejections, concurrency } = this.#parts;
    this.#signal = signal;
    while (!signal.aborted) {
      ejections.lapse();
      for (const nodeId of watch.due()) {
        if (this.#running.size >= concurrency) break;
        if (!this.#running.has(nodeId)) void this.#start(nodeId, signal);
      }
      if (watch.size() === 0) await watch.arrival(IDLE, signal);
      else await delay(TICK, signal);
    }
    await Promise.all(this.#running.values());
  }

  /**
   * Probes the instance at once, or as soon as one of the probes under way has ended, but no later than `patience` milliseconds from now; one
   * that is being probed already is not probed twice. Resolves with what was found last; null: it was not probed.
   */
  async examine(nodeId: NodeId, patience: number): Promise<ObservedCheck | null> {
    const signal = this.#signal;
    if (signal === null || !this.isProbeable(nodeId)) return null;
    const { concurrency, monotonic } = this.#parts;
    const deadline = monotonic() + patience;
    for (let left = patience; left > 0 && !signal.aborted; left = deadline - monotonic()) {
      const running = this.#running.get(nodeId);
      if (running !== undefined) return running;
      if (this.#running.size < concurrency) return this.#start(nodeId, signal);
      await this.#ended.wait(left, signal);
    }
    return null;
  }

  /** Whether it may be handed out but for what probes find, and has an endpoint that may be probed. */
  isProbeable(nodeId: NodeId): boolean {
    const { view, watch } = this.#parts;
    const node = view.get(nodeId);
    return !watch.isOff() && node !== undefined && this.#checkOf(node) !== null;
  }

  #start(nodeId: NodeId, signal: AbortSignal): Promise<ObservedCheck | null> {
    const { watch, log } = this.#parts;
    watch.begun(nodeId);
    const work = this.#try(nodeId, signal)
      .catch((error: unknown) => {
        log.error({ nodeId, error }, 'could not probe an instance, will try again');
        return null;
      })
      .finally(() => {
        this.#running.delete(nodeId);
        watch.ended(nodeId);
        this.#ended.send();
      });
    this.#running.set(nodeId, work);
    return work;
  }

  /** A second try follows the first failure at once: who is dead is out before the next answer but one, and a lost packet puts nobody out. */
  async #try(nodeId: NodeId, signal: AbortSignal): Promise<ObservedCheck | null> {
    const first = await this.#look(nodeId, signal);
    if (first?.status !== 'critical' || this.#parts.ejections.isConvicted(nodeId)) return first;
    await delay(SECOND_TRY, signal);
    return (await this.#look(nodeId, signal)) ?? first;
  }

  async #look(nodeId: NodeId, signal: AbortSignal): Promise<ObservedCheck | null> {
    const { view, probe, ejections } = this.#parts;
    const node = view.get(nodeId);
    const check = node === undefined ? null : this.#checkOf(node);
    if (node === undefined || check === null || signal.aborted) return null;
    const observed = await unlessAborted(probe.probe(check), signal);
    // What ends with the gateway says nothing of the node.
    if (observed === null || signal.aborted) return null;
    this.#counts[observed.status] += 1;
    ejections.record(node, observed);
    return observed;
  }

  #checkOf(node: NodeRecord) {
    const { view, catalog, probe } = this.#parts;
    if (!view.isFit(node)) return null;
    const { check } = serviceOf(catalog, node);
    return probe.mayReach(check) ? check : null;
  }
}
