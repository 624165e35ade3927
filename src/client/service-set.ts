import { servicesAnswer, understood } from './answers.ts';
import type { Chooser } from './chooser.ts';
import { HEALTHY_SERVICES, HEALTHY_SERVICES_ALL_OF } from './documents.ts';
import { type DiscoveryError, passes } from './errors.ts';
import { LiveOperation, type LiveOperationOptions, type Subject, type Verdict } from './live-operation.ts';
import type { Memory } from './memory.ts';
import type { ResolvedService, Service, ServiceRequest } from './service.ts';
import type { Operation } from './session.ts';
import { Waiters } from './waiters.ts';

/** After so long without a first answer the last known services have to do. Milliseconds. */
const GRACE = 1000;

export interface ServiceSetParts extends LiveOperationOptions {
  readonly memory: Memory;
  readonly chooser: Chooser;
  readonly now: () => number;
  /** Called when the services changed, and when the request was refused, which ends the set. */
  readonly onChange: (set: ServiceSet) => void;
}

/** The healthy services of one request, kept current. */
export class ServiceSet implements Subject {
  readonly key: string;
  readonly capability: string;
  /** Milliseconds since 1970. */
  lastUsed: number;
  readonly chooser: Chooser;
  readonly #request: ServiceRequest;
  readonly #parts: ServiceSetParts;
  readonly #live: LiveOperation;
  /** Woken with every change of what follows. */
  readonly waiters = new Waiters();
  #grace: NodeJS.Timeout | null = null;
  /** Null until they are known, from a gateway or from memory. */
  #services: readonly Service[] | null = null;
  /** The same as they are handed out. */
  #resolved: readonly ResolvedService[] | null = null;
  /** Whether the gateway that is connected has told them. */
  #isCurrent = false;
  /** Until when the gateway's answers are right, if they may be old. */
  #gatewayStaleSince: number | null = null;
  /** Until when the services were known to be right, while no gateway tells them. */
  #asOf = 0;
  #refusal: DiscoveryError | null = null;
  #lastError: DiscoveryError | null = null;

  constructor(parts: ServiceSetParts, key: string, capability: string, request: ServiceRequest) {
    this.#parts = parts;
    this.key = key;
    this.capability = capability;
    this.#request = request;
    this.chooser = parts.chooser;
    this.lastUsed = parts.now();
    this.#live = new LiveOperation(parts, this);
  }

  /** Throws DiscoveryError `CLIENT_CLOSED`. */
  start(): void {
    this.#live.start();
    if (this.#services !== null) return;
    this.#grace = setTimeout(() => void this.recall(), GRACE);
    this.#grace.unref();
  }

  stop(): void {
    this.#live.stop();
    this.#endGrace();
  }

  /** Undefined while they are not known. */
  get services(): readonly ResolvedService[] | undefined {
    return this.#resolved ?? undefined;
  }

  /** Milliseconds since 1970; null while a gateway confirms them. */
  get staleSince(): number | null {
    return this.#isCurrent ? this.#gatewayStaleSince : this.#asOf;
  }

  /** Why the gateways refuse to tell them; nothing comes any more then. */
  get refusal(): DiscoveryError | null {
    return this.#refusal;
  }

  /** What went wrong last, though it may pass. */
  get lastError(): DiscoveryError | null {
    return this.#lastError;
  }

  /** Takes what was last known, where no gateway has told anything so far. */
  async recall(): Promise<void> {
    this.#endGrace();
    await this.#parts.memory.loaded;
    const remembered = this.#parts.memory.get(this.key);
    if (this.#services !== null || remembered === undefined) return;
    this.#asOf = remembered.asOf;
    this.#set(remembered.services);
  }

  /** Notes how long what is known was right. */
  remember(): void {
    if (this.#services === null) return;
    this.#parts.memory.put({ key: this.key, services: this.#services, asOf: this.staleSince ?? this.#parts.now() });
  }

  /** Those of the request, which are also those of its explanation. */
  get variables(): Readonly<Record<string, unknown>> {
    return { capability: this.capability, ...this.#request };
  }

  operation(): Operation {
    return { query: this.#request.allOf === undefined ? HEALTHY_SERVICES : HEALTHY_SERVICES_ALL_OF, variables: this.variables };
  }

  received(data: unknown): void {
    const { healthyServices } = understood(servicesAnswer, data);
    this.#isCurrent = true;
    this.#endGrace();
    this.#set(healthyServices);
    this.remember();
  }

  failed(error: DiscoveryError): Verdict {
    this.#lastError = error;
    this.#leave(this.#parts.now());
    if (!passes(error)) return this.#refuse(error) ? 'end' : 'later';
    this.unreachable();
    return 'later';
  }

  refused(error: DiscoveryError): void {
    if (this.#refuse(error)) this.stop();
  }

  lost(heardAt: number): void {
    this.#leave(heardAt);
  }

  aged(staleSince: number | null): void {
    this.#gatewayStaleSince = staleSince;
    if (this.#isCurrent) this.#print();
  }

  unreachable(): void {
    if (this.#services === null) void this.recall();
  }

  /** No gateway tells them from then on. */
  #leave(at: number): void {
    if (!this.#isCurrent) return;
    this.#asOf = this.#gatewayStaleSince ?? at;
    this.#isCurrent = false;
    this.#print();
    this.remember();
  }

  /** What is known goes on being used whatever a gateway says; true where nothing is known. */
  #refuse(error: DiscoveryError): boolean {
    if (this.#services !== null) return false;
    this.#refusal = error;
    this.#endGrace();
    this.#tell();
    return true;
  }

  #set(services: readonly Service[]): void {
    this.#services = services;
    this.#print();
    this.#tell();
  }

  /** Made once for each change, so that resolving makes nothing. */
  #print(): void {
    const since = this.staleSince;
    const trust = since === null ? { stale: false, staleSince: null } : { stale: true, staleSince: new Date(since) };
    this.#resolved = this.#services?.map((service) => Object.freeze({ ...service, ...trust })) ?? null;
  }

  #tell(): void {
    // Whoever waits for this set goes on waiting before somebody else takes its place.
    this.waiters.wake();
    this.#parts.onChange(this);
  }

  #endGrace(): void {
    if (this.#grace !== null) clearTimeout(this.#grace);
    this.#grace = null;
  }
}
