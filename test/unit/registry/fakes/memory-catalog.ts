import { define, nodeIdIn } from '../../../../src/consul/service-definition.ts';
import { apartId } from '../../../../src/consul/service-id.ts';
import { BackendError, RefusedError, TakenError } from '../../../../src/errors.ts';
import type { NodeContent } from '../../../../src/events/announcement.ts';
import type {
  ObservedCheck,
  OwnedService,
  ProbedStatus,
  ServiceCatalog,
  ServiceDefinition,
  Standing,
} from '../../../../src/registry/ports.ts';
import { Faults } from './faults.ts';
import { Killed } from './killed.ts';

export type CatalogCall = 'register' | 'deregister' | 'exists' | 'standing' | 'owned';

/**
 * fail: BackendError, nothing happened. applied: it happened, but the answer came too late, BackendError. refuse: RefusedError. killed:
 * Killed, nothing happened. killed later: Killed, it happened.
 */
export type CatalogFault = 'fail' | 'applied' | 'refuse' | 'killed' | 'killed later';

export interface StandingService {
  readonly service: ServiceDefinition;
  /** null: a service without a check. */
  readonly check: ObservedCheck | null;
}

export const REGISTRY_ID = 'registry-of-this-test';

/** Consul in memory. A check that stands and has the wanted status goes on; any other is started anew with the wanted status. */
export class MemoryCatalog implements ServiceCatalog {
  readonly together = 8;
  readonly faults = new Faults<CatalogCall, CatalogFault>();
  /** Every register and deregister that was asked for, in order, whatever became of it. */
  readonly calls: { readonly call: 'register' | 'deregister'; readonly id: string; readonly initial?: ProbedStatus }[] = [];
  /** Services whose standing check was started anew. */
  readonly restarted: string[] = [];
  /** A service for which this holds is refused for good, or fails, on register and deregister. */
  refuses: (serviceId: string) => boolean = () => false;
  fails: (serviceId: string) => boolean = () => false;
  /** Services that stand where they do not belong any more, until they are registered again. */
  readonly misplaced = new Set<string>();
  readonly #services = new Map<string, StandingService>();
  readonly #watchers = new Set<{
    readonly onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void;
    readonly onError: (e: Error) => void;
  }>();

  /** What stands, by service id, foreign services included. */
  get services(): ReadonlyMap<string, StandingService> {
    return this.#services;
  }

  define(content: NodeContent, contentHash: string): ServiceDefinition {
    return define(content, contentHash, REGISTRY_ID);
  }

  register(service: ServiceDefinition, initial: ProbedStatus): Promise<void> {
    this.calls.push({ call: 'register', id: service.id, initial });
    return this.#meeting('register', service.id, () => {
      const standing = this.#services.get(service.id);
      if (standing !== undefined && !isOurs(standing))
        throw new TakenError(`${service.id} is somebody else's`, apartId(service.id, REGISTRY_ID));
      const keeps = standing?.check?.status === initial && standing.service.check.kind === service.check.kind;
      if (standing?.check != null && !keeps) this.restarted.push(service.id);
      const check =
        service.check.kind === 'none' ? null : keeps && standing?.check != null ? standing.check : { status: initial, output: '' };
      this.#services.set(service.id, { service, check });
      this.misplaced.delete(service.id);
    });
  }

  deregister(serviceId: string): Promise<void> {
    this.calls.push({ call: 'deregister', id: serviceId });
    return this.#meeting('deregister', serviceId, () => {
      const standing = this.#services.get(serviceId);
      if (standing !== undefined && isOurs(standing)) this.#services.delete(serviceId);
    });
  }

  async exists(serviceId: string): Promise<boolean> {
    await this.#read('exists');
    const standing = this.#services.get(serviceId);
    return standing !== undefined && isOurs(standing);
  }

  async standing({ id, check }: ServiceDefinition): Promise<Standing> {
    await this.#read('standing');
    const standing = this.#services.get(id);
    if (standing === undefined || !isOurs(standing)) return 'gone';
    if (this.misplaced.has(id)) return 'misplaced';
    return check.kind === 'none' || standing.check !== null ? 'whole' : 'unchecked';
  }

  /** Somebody takes the check away, and leaves the service. */
  uncheck(serviceId: string): void {
    const standing = this.#services.get(serviceId);
    if (standing === undefined) throw new Error(`no service ${serviceId} stands`);
    this.#services.set(serviceId, { ...standing, check: null });
    this.#notify();
  }

  async owned(): Promise<readonly OwnedService[]> {
    await this.#read('owned');
    return [...this.#services.values()].filter(isOurs).map(({ service }) => ({
      id: service.id,
      nodeId: nodeIdIn(service.meta) ?? '',
      contentHash: service.meta['content_hash'] ?? '',
      isMisplaced: this.misplaced.has(service.id),
    }));
  }

  followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const watcher = { onChecks, onError };
    this.#watchers.add(watcher);
    onChecks(this.checks(), null);
    return new Promise((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          this.#watchers.delete(watcher);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** The checks of this registry's services. */
  checks(): Map<string, ObservedCheck> {
    return new Map(
      [...this.#services].flatMap(([id, { service, check }]) => {
        if (check === null || !isOurs({ service })) return [];
        return [[id, this.misplaced.has(id) ? { ...check, isMisplaced: true } : check]];
      }),
    );
  }

  /** What is said to those who watch a catalog that is followed by what does not pass: everything once, then the rest. */
  tell(checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null): void {
    for (const { onChecks } of this.#watchers) onChecks(checks, vanished);
  }

  /** Consul ran the check and found this. */
  observe(serviceId: string, status: ProbedStatus, output = `${status} says Consul`): void {
    const standing = this.#services.get(serviceId);
    if (standing === undefined) throw new Error(`no service ${serviceId} stands`);
    this.#services.set(serviceId, { ...standing, check: { status, output } });
    this.#notify();
  }

  /** Consul removes a service by itself: critical for too long, or lost. */
  drop(serviceId: string): void {
    this.#services.delete(serviceId);
    this.#notify();
  }

  /** Consul lost its data. */
  wipe(): void {
    this.#services.clear();
    this.#notify();
  }

  /** Puts a service as it is, without a call; `registryId` null: nobody's. */
  seed(service: ServiceDefinition, check: ObservedCheck | null = null, registryId: string | null = REGISTRY_ID): void {
    const { registry_id: _, ...meta } = service.meta;
    const owned = registryId === null ? meta : { ...meta, registry_id: registryId };
    this.#services.set(service.id, { service: { ...service, meta: owned }, check });
    this.#notify();
  }

  /** Tells the followers that Consul does not answer. */
  breakWatch(message = 'injected: the watch broke'): void {
    for (const { onError } of this.#watchers) onError(new BackendError('consul', message));
  }

  #notify(): void {
    for (const { onChecks } of this.#watchers) onChecks(this.checks(), null);
  }

  async #meeting(call: 'register' | 'deregister', serviceId: string, apply: () => void): Promise<void> {
    const fault = this.refuses(serviceId) ? 'refuse' : this.fails(serviceId) ? 'fail' : this.faults.take(call);
    await Promise.resolve();
    if (fault === 'fail') throw new BackendError('consul', `injected: ${call} of ${serviceId} failed`);
    if (fault === 'killed') throw new Killed(`before ${call} of ${serviceId}`);
    if (fault === 'refuse') throw new RefusedError('consul', `injected: ${call} of ${serviceId} is refused`);
    apply();
    this.#notify();
    if (fault === 'killed later') throw new Killed(`after ${call} of ${serviceId}`);
    if (fault === 'applied') throw new BackendError('consul', `injected: the answer to ${call} of ${serviceId} was lost`);
  }

  async #read(call: 'exists' | 'standing' | 'owned'): Promise<void> {
    const fault = this.faults.take(call);
    await Promise.resolve();
    if (fault !== null) throw new BackendError('consul', `injected: ${call} failed`);
  }
}

function isOurs({ service }: Pick<StandingService, 'service'>): boolean {
  return service.meta['registry_id'] === REGISTRY_ID;
}
