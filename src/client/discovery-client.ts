import type { Strategy } from './chooser.ts';
import { clientClosed } from './errors.ts';
import { Explanations } from './explanation.ts';
import { FailureReports } from './failure-reports.ts';
import { Link } from './link.ts';
import { Memory } from './memory.ts';
import { type DiscoveryClientOptions, type Settings, settings } from './options.ts';
import type { RegistryEvent, WatchFilter } from './registry-event.ts';
import { Resolver, type WaitOptions } from './resolver.ts';
import type { ResolvedService, Service } from './service.ts';
import { ServiceSets } from './service-sets.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { Suspects } from './suspects.ts';
import { Watch, type WatchOptions } from './watch.ts';

export interface ResolveOptions extends WaitOptions {
  /** Default: `ROUND_ROBIN`. */
  readonly strategy?: Strategy | undefined;
}

export interface CallOptions extends ResolveOptions {
  /** How many instances may be tried, one after the other; more than one only for what may be done twice. Default: 1. */
  readonly attempts?: number | undefined;
  /** Whether an error speaks against the instance, rather than against what was asked of it. Default: every error does. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined;
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
  readonly #resolver: Resolver;
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
    this.#reports = new FailureReports(this.#link, logger, now);
    const parts = { link: this.#link, memory: this.#memory, suspects: this.#suspects, calls: this.#calls };
    this.#sets = new ServiceSets({ ...this.#settings, ...parts });
    const explanations = new Explanations(this.#link, logger, now);
    this.#resolver = new Resolver({ ...this.#settings, sets: this.#sets, link: this.#link, explanations, closing: this.#closing.signal });
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
    return this.#resolver.find(capability, options, (set, services) => set.chooser.choose(services, strategy));
  }

  /** Every healthy instance, by node id; those whose failure was reported a moment ago as well. Throws as `resolve` does. */
  async resolveAll(capability: string, options: ResolveOptions = {}): Promise<readonly ResolvedService[]> {
    return this.#resolver.find(capability, options, (_set, services) => (services.length === 0 ? undefined : services));
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
   * `UNAUTHENTICATED` or `BAD_USER_INPUT`; `watch` itself for an option that cannot be.
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
}
