import { isNodeId, type NodeId } from '../events/node-id.ts';
import type { Change } from './change.ts';
import { type Cursor, toCursor } from './cursor.ts';
import { NameDirectory, type NameKind } from './name-directory.ts';
import { type NodeCount, NodeCounts } from './node-counts.ts';
import type { NodeHealth, NodeRecord } from './node-record.ts';
import type { LivenessUpdate, ObservedCheck } from './ports.ts';
import type { CapabilitySummary, NodeFilter } from './registry.ts';
import { WantedTypes } from './wanted-types.ts';

/**
 * The registry in memory: what every read is answered from. It is loaded from Postgres and then follows the change log, so it is the
 * same on every gateway at the same cursor, and stays when Postgres goes.
 */
export class RegistryView {
  readonly #nodes = new Map<NodeId, NodeRecord>();
  #sortedIds: NodeId[] | null = [];
  #head = toCursor(0);
  #revision = 0;
  /** REGISTERED nodes by their names. */
  readonly registered = new NameDirectory();
  /** Nodes that left, by the names they had. */
  readonly departed = new NameDirectory();
  readonly #counts = new NodeCounts();
  #checks: ReadonlyMap<string, ObservedCheck> = new Map();
  /** Those of them that fail, which are few: every node that is asked for is looked up among them. */
  #critical: ReadonlySet<string> = new Set();
  readonly #listeners = new Set<() => void>();

  head(): Cursor {
    return this.#head;
  }

  /** Grows with every change of a record; signs of life, and what Consul says right now, are none. */
  revision(): number {
    return this.#revision;
  }

  get(nodeId: string): NodeRecord | undefined {
    return isNodeId(nodeId) ? this.#nodes.get(nodeId) : undefined;
  }

  /** The node of an id that is known to be one. */
  at(nodeId: NodeId): NodeRecord | undefined {
    return this.#nodes.get(nodeId);
  }

  /** Nodes in whatever state. */
  size(): number {
    return this.#nodes.size;
  }

  /** How many there are of each type, state and health. */
  counts(): readonly NodeCount[] {
    return this.#counts.list();
  }

  values(): IterableIterator<NodeRecord> {
    return this.#nodes.values();
  }

  /** Forgets everything and starts from this state of the log. */
  load(nodes: Iterable<NodeRecord>, head: Cursor): void {
    this.#revision += 1;
    for (const node of this.#nodes.values()) this.#unindex(node);
    this.#nodes.clear();
    for (const node of nodes) {
      this.#nodes.set(node.nodeId, node);
      this.#index(node);
    }
    this.#sortedIds = null;
    this.#head = head;
    this.#notify();
  }

  /** Entries in log order. */
  apply(changes: readonly Change[]): void {
    this.#revision += 1;
    for (const { node: image, cursor } of changes) {
      const before = this.#nodes.get(image.nodeId);
      if (before === undefined) this.#sortedIds = null;
      else this.#unindex(before);
      // Signs of life do not wait for the log: what memory holds may be younger than the image.
      const isYounger = before !== undefined && before.liveness.lastSeenAt > image.liveness.lastSeenAt;
      const node = isYounger
        ? { ...image, liveness: before.liveness, currentState: before.currentState, acknowledgedAt: before.acknowledgedAt }
        : image;
      this.#nodes.set(node.nodeId, node);
      this.#index(node);
      this.#head = cursor;
    }
    this.#notify();
  }

  /** Drops what left before the time (milliseconds since 1970), as the clean-up does in Postgres. */
  forget(before: number): void {
    this.#revision += 1;
    for (const [nodeId, node] of this.#nodes) {
      if (node.state === 'REGISTERED' || node.stateReason === 'operator' || node.updatedAt >= before) continue;
      this.#unindex(node);
      this.#nodes.delete(nodeId);
      this.#sortedIds = null;
    }
  }

  applyLiveness(updates: readonly LivenessUpdate[]): void {
    for (const { nodeId, liveness, currentState, acknowledgedAt } of updates) {
      const node = this.#nodes.get(nodeId);
      if (node !== undefined) this.#nodes.set(nodeId, { ...node, liveness, currentState, acknowledgedAt });
    }
  }

  /** What Consul says right now, by service id: it may be ahead of the log, above all while Postgres is away. */
  observeChecks(checks: ReadonlyMap<string, ObservedCheck>): void {
    this.#checks = checks;
    this.#critical = new Set([...checks].flatMap(([serviceId, { status }]) => (status === 'critical' ? [serviceId] : [])));
    this.#notify();
  }

  observedCheck(node: NodeRecord): ObservedCheck | undefined {
    return node.consulServiceId === null ? undefined : this.#checks.get(node.consulServiceId);
  }

  /** The node's health as it counts for handing it out: UNHEALTHY also while Consul holds it critical and the log does not say so yet. */
  healthNow(node: NodeRecord): NodeHealth {
    return this.#isCritical(node) ? 'UNHEALTHY' : node.health;
  }

  /** REGISTERED and HEALTHY, and not held critical by Consul at this moment. */
  isFit(node: NodeRecord): boolean {
    return node.state === 'REGISTERED' && node.health === 'HEALTHY' && !this.#isCritical(node);
  }

  /** REGISTERED nodes that answer to the name, as {@link NameDirectory.match} has it. */
  answering(name: string): readonly NodeRecord[] {
    return [...this.registered.match(name).nodes].flatMap((id) => this.#nodes.get(id) ?? []);
  }

  /** How many instances of exactly this service are fit. */
  fitOfService(serviceName: string): number {
    let count = 0;
    for (const id of this.registered.named('SERVICE_NAME', serviceName)) {
      const node = this.#nodes.get(id);
      if (node?.serviceName === serviceName && this.isFit(node)) count += 1;
    }
    return count;
  }

  /** By node id. */
  filter(filter: NodeFilter | null): NodeRecord[] {
    const matches = this.#matcher(filter);
    const found: NodeRecord[] = [];
    for (const id of this.#ids()) {
      const node = this.#nodes.get(id);
      if (node !== undefined && matches(node)) found.push(node);
    }
    return found;
  }

  /** Of REGISTERED nodes, by name; `isHandedOut` says which of them are. */
  capabilities(isHandedOut: (node: NodeRecord) => boolean = (node) => this.isFit(node)): CapabilitySummary[] {
    const summaries = new Map<string, { name: string; nodes: number; healthy: number }>();
    for (const node of this.#nodes.values()) {
      if (node.state !== 'REGISTERED') continue;
      const fit = isHandedOut(node) ? 1 : 0;
      for (const name of node.capabilities) {
        const summary = summaries.get(name);
        if (summary === undefined) summaries.set(name, { name, nodes: 1, healthy: fit });
        else {
          summary.nodes += 1;
          summary.healthy += fit;
        }
      }
    }
    return [...summaries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Calls back after every change of what reads answer. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #ids(): readonly NodeId[] {
    this.#sortedIds ??= [...this.#nodes.keys()].sort();
    return this.#sortedIds;
  }

  #isCritical({ consulServiceId }: NodeRecord): boolean {
    return this.#critical.size > 0 && consulServiceId !== null && this.#critical.has(consulServiceId);
  }

  #index(node: NodeRecord): void {
    this.#counts.add(node);
    this.#directoryOf(node)?.add(node);
  }

  #unindex(node: NodeRecord): void {
    this.#counts.remove(node);
    this.#directoryOf(node)?.remove(node);
  }

  /** None for a node of which nothing but its goodbye is known. */
  #directoryOf(node: NodeRecord): NameDirectory | null {
    if (node.state === 'REGISTERED') return this.registered;
    return node.contentHash === '' ? null : this.departed;
  }

  /** A test for one filter. An absent, null or empty-string condition is none; an empty list matches nothing. */
  #matcher(filter: NodeFilter | null): (node: NodeRecord) => boolean {
    if (filter === null) return () => true;
    const conditions: ((node: NodeRecord) => boolean)[] = [];
    const { types, capabilities, anyCapability, states, health, serviceName, environment, search } = filter;
    if (types != null) {
      const wanted = new WantedTypes(types);
      conditions.push((node) => wanted.include(node.type));
    }
    if (capabilities != null) {
      const wanted = capabilities.map((name) => this.#having('CAPABILITY', name));
      conditions.push((node) => wanted.every((has) => has(node)));
    }
    if (anyCapability != null) {
      const wanted = anyCapability.map((name) => this.#having('CAPABILITY', name));
      conditions.push((node) => wanted.some((has) => has(node)));
    }
    if (states != null) conditions.push((node) => states.includes(node.state));
    if (health != null) conditions.push((node) => health.includes(node.health));
    if (serviceName != null) conditions.push(this.#having('SERVICE_NAME', serviceName));
    if (environment != null) conditions.push((node) => node.environment === environment);
    if (search != null && search !== '') {
      const needle = search.toLowerCase();
      conditions.push((node) =>
        [node.nodeId, node.name ?? '', node.serviceName, ...node.capabilities].some((text) => text.toLowerCase().includes(needle)),
      );
    }
    return (node) => conditions.every((condition) => condition(node));
  }

  /** Whether a node has the name, looked up once for all nodes instead of in the names of each. */
  #having(kind: NameKind, name: string): (node: NodeRecord) => boolean {
    const [registered, departed] = [this.registered.named(kind, name), this.departed.named(kind, name)];
    return ({ state, nodeId }) => (state === 'REGISTERED' ? registered : departed).has(nodeId);
  }
}
