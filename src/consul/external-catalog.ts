import { z } from 'zod';
import type { ConsulConfig } from '../config/consul.ts';
import type { NodeContent } from '../events/announcement.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import type { CatalogEntry, ObservedCheck, OwnedService, ProbedStatus, ServiceDefinition, Standing } from '../registry/ports.ts';
import { AgentClient } from './agent-client.ts';
import { entryOnNode } from './catalog-entry.ts';
import { CatalogSight } from './catalog-sight.ts';
import { watchCatalog } from './catalog-watch.ts';
import { CatalogWriter } from './catalog-writer.ts';
import { bytesOf, type Wish } from './catalog-writes.ts';
import { calling, withTimeout } from './deadline.ts';
import type { Placement } from './placement.ts';
import { define, nodeIdIn } from './service-definition.ts';
import { MAX_PLACES, type Place, readEntries, type StandingEntry } from './standing-entry.ts';
import { MAX_BYTES } from './transaction.ts';
import { type Settled, TransactionBatcher } from './transaction-batcher.ts';
import { makeNodes } from './virtual-node-writes.ts';
import { VirtualNodes } from './virtual-nodes.ts';

/** Of the 200 connections that an agent allows one client address. */
const MAX_SOCKETS = 32;
/** Transactions side by side, of writes and of looks each. Consul applies one after the other; more only wait there. */
const IN_FLIGHT = 4;
const DEFAULT_DEADLINE = 3000;
/** Milliseconds for the list of all own services. */
const LIST_DEADLINE = 15_000;
/** Nodes that are listed side by side. */
const LISTS = 8;

export interface ExternalCatalogOptions {
  readonly config: ConsulConfig;
  /** The owner mark. Asked for when it is needed: it is known once the database is migrated. */
  readonly registryId: () => string;
  /** Over how many virtual nodes the services are spread, and whether consul-esm is to probe them. It may change at any time. */
  readonly placement: () => Pick<Placement, 'virtualNodes' | 'probes'>;
  /** RECONCILE_INTERVAL, milliseconds: how often the watch reads everything anew. Default: 60,000. */
  readonly wholeEvery?: number;
  /** From 0 to below 1; spreads the retries of several gateways. Default: Math.random. */
  readonly random?: () => number;
  /** Milliseconds that one register, deregister or look may take: node locks in Postgres are held meanwhile. Default: 3,000. */
  readonly deadline?: number;
}

const nodesSchema = z.array(z.object({ Node: z.string() }));
const servicesSchema = z.object({
  Services: z.record(z.string(), z.object({ ID: z.string(), Meta: z.record(z.string(), z.string()).nullish() })).nullish(),
});

/**
 * Services on virtual nodes of the catalog, past every agent: what a registration costs does not grow with the fleet, and somebody else
 * than an agent probes. Calls that come together go together, up to 64 in a transaction.
 */
export class ExternalCatalog {
  /** One transaction. */
  readonly together = MAX_PLACES;
  readonly #config: ConsulConfig;
  readonly #registryId: () => string;
  readonly #placement: ExternalCatalogOptions['placement'];
  readonly #random: () => number;
  readonly #wholeEvery: number;
  readonly #deadline: number;
  readonly #client: AgentClient;
  /** What the watch knows of the checks. */
  readonly sight: CatalogSight;
  readonly #writer: CatalogWriter;
  readonly #writes: TransactionBatcher<Wish, void>;
  #agentNode: string | null = null;
  #onStray: (serviceId: string, node: string) => void = () => undefined;
  readonly #looks: TransactionBatcher<Place, StandingEntry | null>;

  /** Throws when the CA file cannot be read. Opens connections only when used. */
  constructor({
    config,
    registryId,
    placement,
    wholeEvery = 60_000,
    random = Math.random,
    deadline = DEFAULT_DEADLINE,
  }: ExternalCatalogOptions) {
    this.#config = config;
    this.#registryId = registryId;
    this.#placement = placement;
    this.#random = random;
    this.#wholeEvery = wholeEvery;
    this.#deadline = deadline;
    this.#client = new AgentClient(config, { maxSockets: MAX_SOCKETS });
    this.sight = new CatalogSight({
      registryId,
      homeOf: (serviceId) => this.homeOf(serviceId),
      isVirtual: (node) => this.isVirtual(node),
      isAgent: (node) => node === this.#agentNode,
      onStray: (serviceId, node) => this.#onStray(serviceId, node),
      monotonic: () => performance.now(),
    });
    this.#writer = new CatalogWriter({ client: this.#client, config, registryId, deadline, makeNodes: (left) => this.#makeNodes(left) });
    const shared = { maxItems: MAX_PLACES, maxBytes: MAX_BYTES, inFlight: IN_FLIGHT };
    this.#writes = new TransactionBatcher({
      ...shared,
      keyOf: ({ serviceId }) => serviceId,
      bytesOf,
      run: (batch) => this.#writer.write(batch),
    });
    this.#looks = new TransactionBatcher({
      ...shared,
      keyOf: ({ serviceId }) => serviceId,
      bytesOf: () => 200,
      run: (batch) => this.#look(batch),
    });
  }

  define(content: NodeContent, contentHash: string): ServiceDefinition {
    return define(content, contentHash, this.#registryId());
  }

  /** Also throws RefusedError when the id is taken by another node: overwriting it would take somebody else's service away. */
  async register(service: ServiceDefinition, initial: ProbedStatus): Promise<void> {
    await this.#calling(`register service "${service.id}"`, () => this.#writes.add({ ...this.#place(service.id), service, initial }));
  }

  /** Also succeeds when there is no such service. */
  async deregister(serviceId: string): Promise<void> {
    await this.deregisterAt(this.homeOf(serviceId), serviceId);
  }

  /** The same on whatever node. */
  async deregisterAt(node: string, serviceId: string): Promise<void> {
    const wish = { node, serviceId, service: null, initial: 'critical' } as const;
    await this.#calling(`deregister service "${serviceId}"`, () => this.#writes.add(wish));
  }

  async exists(serviceId: string): Promise<boolean> {
    return this.existsAt(this.homeOf(serviceId), serviceId);
  }

  /** Whether the service stands on the node under this registry's mark. */
  async existsAt(node: string, serviceId: string): Promise<boolean> {
    return (await this.#standing({ node, serviceId })) !== null;
  }

  async standing({ id, check }: ServiceDefinition): Promise<Standing> {
    const standing = await this.#standing(this.#place(id));
    if (standing === null) return 'gone';
    return check.kind === 'none' || standing.check !== null ? 'whole' : 'unchecked';
  }

  /** What stands under the id on the node, under whatever mark; null: nothing does. */
  async entryAt(node: string, serviceId: string): Promise<CatalogEntry | null> {
    return calling(`look at service "${serviceId}"`, this.#deadline, (left) => entryOnNode(this.#client, node, serviceId, left));
  }

  /** Everything of this registry on virtual nodes, at its place or not. */
  async listed(): Promise<readonly (OwnedService & { readonly node: string })[]> {
    return calling('list the services of this registry', LIST_DEADLINE, async (left) => {
      const filter = `Meta["registry_id"] == ${JSON.stringify(this.#registryId())}`;
      const nodes = nodesSchema.parse(await this.#client.catalog.node.list(withTimeout({ filter: this.#nodes().filter() }, left())));
      const owned = await mapBounded(nodes, LISTS, async ({ Node: node }) => {
        const listed: unknown = await this.#client.catalog.node.services(withTimeout({ node, filter }, left()));
        // The node may be gone by now, and then there is no answer.
        return Object.values(servicesSchema.nullish().parse(listed)?.Services ?? {}).map(({ ID: id, Meta: meta }) => ({
          id,
          nodeId: nodeIdIn(meta ?? {}) ?? '',
          contentHash: meta?.['content_hash'] ?? '',
          isMisplaced: node !== this.homeOf(id),
          node,
        }));
      });
      return owned.flat();
    });
  }

  /**
   * As `ServiceCatalog.followChecks`. `agentNode` is the one node beside the virtual ones on which services of this registry may stand
   * (it throws BackendError); `onStray` hears of each that stands where it does not belong.
   */
  async followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
    agentNode: () => Promise<string>,
    onStray: (serviceId: string, node: string) => void,
  ): Promise<void> {
    this.#onStray = onStray;
    const prepare = async () => {
      this.#agentNode ??= await agentNode();
      await calling('make the virtual nodes', LIST_DEADLINE, (left) => this.#makeNodes(left));
    };
    const look = (places: readonly Place[]) =>
      this.#calling('look up services', () => Promise.all(places.map((place) => this.#looks.add(place))));
    const [address, sight, random, wholeEvery] = [this.#config, this.sight, this.#random, this.#wholeEvery];
    await watchCatalog({ address, sight, random, wholeEvery, prepare, look, onChecks, onError, signal });
  }

  /** Closes the connections. Calls in flight fail. */
  close(): void {
    this.#client.destroy();
  }

  /** The virtual node that a service belongs on. */
  homeOf(serviceId: string): string {
    return this.#nodes().homeOf(serviceId);
  }

  isVirtual(node: string): boolean {
    return this.#nodes().has(node);
  }

  #nodes(): VirtualNodes {
    return new VirtualNodes(this.#registryId(), this.#placement().virtualNodes);
  }

  #place(serviceId: string): Place {
    return { node: this.homeOf(serviceId), serviceId };
  }

  /** The service under this registry's mark. */
  async #standing(place: Place): Promise<StandingEntry | null> {
    const entry = await this.#calling(`look up service "${place.serviceId}"`, () => this.#looks.add(place));
    return entry?.meta['registry_id'] === this.#registryId() ? entry : null;
  }

  /** A call ends within its deadline, though the batch that it waits for may come to its turn later. */
  #calling<T>(action: string, call: () => Promise<T>): Promise<T> {
    return calling(action, this.#deadline, async (left) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${this.#deadline} ms`)), left());
      });
      return Promise.race([call(), late]).finally(() => clearTimeout(timer));
    });
  }

  async #look(batch: readonly Place[]): Promise<readonly Settled<StandingEntry | null>[]> {
    return calling('look up services', this.#deadline, async (left) =>
      (await readEntries(this.#client, batch, left)).map((value) => ({ value })),
    );
  }

  #makeNodes(left: () => number): Promise<void> {
    return makeNodes(this.#client, this.#nodes(), { registryId: this.#registryId(), probes: this.#placement().probes }, left);
  }
}
