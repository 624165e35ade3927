import type { Strategy } from './chooser.ts';
import { clientClosed, NoHealthyService, RegistryUnavailable } from './errors.ts';
import { Explanations } from './explanation.ts';
import { FailureReports } from './failure-reports.ts';
import { Link } from './link.ts';
import { Memory } from './memory.ts';
import { type DiscoveryClientOptions, type Settings, settings } from './options.ts';
import type { RegistryEvent, WatchFilter } from './registry-event.ts';
import type { ResolvedService, Service, ServiceRequest } from './service.ts';
import type { ServiceSet } from './service-set.ts';
import { ServiceSets } from './service-sets.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { Suspects } from './suspects.ts';
import { Watch, type WatchOptions } from './watch.ts';

export interface ResolveOptions extends ServiceRequest {
  /** Default: `ROUND_ROBIN`. */
  readonly strategy?: Strategy;
  /** How long to wait where nothing is known yet. Milliseconds. Default: that of the client. */
  readonly timeout?: number;
  /** Where there is no healthy service, waits for one, as long as `timeout`. Default: false. */
  readonly wait?: boolean;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface CallOptions extends ResolveOptions {
  /** How many instances may be tried, one after the other; more than one only for what may be done twice. Default: 1. */
  readonly attempts?: number;
  /** Whether an error speaks against the instance, rather than against what was asked of it. Default: every error does. */
  readonly isFailure?: (error: unknown) => boolean;
}

export interface ClientStatus {
  /** The gateway that is connected; null while none is. */
  readonly gateway: string | null;
  /** Requests that are kept current. */
  readonly requests: number;
  readonly watches: number;
}

/**
 * Finds healthy services by capability, and follows the registry. It connects on first use, to the first gateway that is to be had, and goes
 * on with what it knows while there is none.
 */
export class DiscoveryClient {
  readonly #settings: Settings;
  readonly #link: Link;
  readonly #memory: Memory;
  readonly #suspects: Suspects;
  readonly #sets: ServiceSets;
  readonly #explanations: Explanations;
  readonly #reports: FailureReports;
  readonly #watches = new Set<Watch>();
  readonly #calls = new Map<string, number>();
  readonly #closing = new AbortController();

  /** Throws DiscoveryError `BAD_USER_INPUT` for an option that cannot be. */
  constructor(options: DiscoveryClientOptions) {
    this.#settings = settings(options);
    const { urls, snapshotFile, avoidFailed, logger, now } = this.#settings;
    this.#link = new Link(this.#settings);
    this.#memory = new Memory(snapshotFile === null ? null : new SnapshotFile(snapshotFile, urls), logger);
    this.#suspects = new Suspects(avoidFailed, now);
    this.#explanations = new Explanations(this.#link, logger, now);
    this.#reports = new FailureReports(this.#link, logger, now);
    const parts = { link: this.#link, memory: this.#memory, suspects: this.#suspects, calls: this.#calls };
    this.#sets = new ServiceSets({ ...this.#settings, ...parts });
  }

  /**
   * A healthy instance of a service: by a capability, or by the name of a service, node or type. The first time for each request it waits for
   * a gateway; from then on it answers at once, from a set that is kept current.
   *
   * Throws NoHealthyService where there is none; RegistryUnavailable where no gateway answers in time and nothing is known from before;
   * DiscoveryError with a gateway's code where it refuses the request; and the signal's reason.
   */
  async resolve(capability: string, options: ResolveOptions = {}): Promise<ResolvedService> {
    const { strategy = 'ROUND_ROBIN' } = options;
    const set = this.#sets.get(capability, options);
    const { services } = set;
    const chosen = services === undefined ? undefined : set.chooser.choose(services, strategy);
    if (chosen !== undefined) return chosen;
    return this.#choice(set, options, (found) => set.chooser.choose(found, strategy));
  }

  /** Every healthy instance, by node id; those whose failure was reported a moment ago as well. Throws as `resolve` does. */
  async resolveAll(capability: string, options: ResolveOptions = {}): Promise<readonly ResolvedService[]> {
    return this.#choice(this.#sets.get(capability, options), options, (found) => (found.length === 0 ? undefined : found));
  }

  /**
   * Does work with a healthy instance, counts it for `LEAST_BUSY`, and reports the instance when the work fails; with `attempts`, tries the next
   * one then. Throws as `resolve` does, and what the work throws last.
   */
  async call<T>(capability: string, work: (service: ResolvedService) => Promise<T>, options: CallOptions = {}): Promise<T> {
    const { attempts = 1, isFailure = () => true, signal } = options;
    for (let attempt = 1; ; attempt += 1) {
      const service = await this.resolve(capability, options);
      const { nodeId } = service;
      this.#calls.set(nodeId, (this.#calls.get(nodeId) ?? 0) + 1);
      try {
        return await work(service);
      } catch (error) {
        if (signal?.aborted || !isFailure(error)) throw error;
        this.reportFailure(service, error);
        if (attempt >= attempts) throw error;
      } finally {
        const left = (this.#calls.get(nodeId) ?? 1) - 1;
        if (left === 0) this.#calls.delete(nodeId);
        else this.#calls.set(nodeId, left);
      }
    }
  }

  /**
   * Says that a call to this instance failed: it is avoided for a while, unless it is the only one, and the gateway looks at it at once, where it
   * takes reports from this client; it is told the error's message. Returns at once, and never throws.
   */
  reportFailure(service: Service, error: unknown): void {
    this.#suspects.add(service);
    this.#reports.report(service, error);
  }

  /**
   * Every change of the registry that matches, live, without gap or repetition whatever happens to connections and gateways: from now on, from a
   * cursor (`after`), or from a snapshot of what stands now.
   *
   * Where the change log does not reach back to where the watch was, what differs comes as changes with reason `reset` (nodes that vanished as
   * `REMOVED`), and then the whole as a snapshot event with `reset` set.
   *
   * The iteration ends with `break`, with the signal, and with `close`. It throws DiscoveryError for what would come again for ever, such as
   * `UNAUTHENTICATED` or `BAD_USER_INPUT`.
   */
  watch(filter: WatchFilter = {}, options: WatchOptions = {}): AsyncGenerator<RegistryEvent, void, undefined> {
    if (this.#closing.signal.aborted) throw clientClosed();
    const watch = new Watch({ ...this.#settings, link: this.#link, onEnd: (ended) => this.#watches.delete(ended) }, filter, options);
    this.#watches.add(watch);
    return watch;
  }

  status(): ClientStatus {
    return { gateway: this.#link.session?.url ?? null, requests: this.#sets.size, watches: this.#watches.size };
  }

  /** Ends every watch and wait, writes the snapshot, and leaves the gateway. Afterwards nothing can be asked any more. */
  async close(): Promise<void> {
    this.#closing.abort(clientClosed());
    for (const watch of [...this.#watches]) watch.end();
    this.#sets.close();
    this.#link.close();
    await this.#memory.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What `choose` takes from the set, once it is known, and with `wait` once there is any. */
  async #choice<T>(
    set: ServiceSet,
    { timeout = this.#settings.timeout, wait = false, signal }: ResolveOptions,
    choose: (services: readonly ResolvedService[]) => T | undefined,
  ): Promise<T> {
    const deadline = AbortSignal.timeout(timeout);
    const over = AbortSignal.any([deadline, this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    for (;;) {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      if (deadline.aborted && set.services === undefined) await set.recall();
      const { services, error } = set;
      if (error !== null) throw error;
      const chosen = services === undefined ? undefined : choose(services);
      if (chosen !== undefined) return chosen;
      if (services !== undefined && (!wait || deadline.aborted)) throw await this.#none(set);
      if (deadline.aborted)
        throw new RegistryUnavailable(`Nothing is known of "${set.capability}" after ${timeout} ms. ${this.#link.unavailable().message}`);
      await set.change(over);
    }
  }

  async #none(set: ServiceSet): Promise<NoHealthyService> {
    const { capability, staleSince } = set;
    const since = staleSince === null ? null : new Date(staleSince);
    const age = since === null ? '' : `, as of ${since.toISOString()}: no gateway confirms it at the moment`;
    const explanation = await this.#explanations.of(set);
    const why = explanation === null ? '' : `. ${explanation.summary}`;
    return new NoHealthyService(capability, `There is no healthy service for "${capability}"${age}${why}`, since, explanation);
  }
}
