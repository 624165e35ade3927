import { z } from 'zod';
import type { ConsulConfig } from '../config/consul.ts';
import { BackendError, RefusedError } from '../errors.ts';
import type { NodeContent } from '../events/announcement.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import type { ObservedCheck, OwnedService, ProbedStatus, ServiceCatalog, ServiceDefinition, Standing } from '../registry/ports.ts';
import { AgentClient } from './agent-client.ts';
import { bytesOf, type Wish, writesFor } from './catalog-writes.ts';
import { followChecks } from './check-watch.ts';
import { calling } from './deadline.ts';
import { define, nodeIdIn } from './service-definition.ts';
import { MAX_PLACES, type Place, readEntries, type StandingEntry } from './standing-entry.ts';
import { MAX_BYTES, MAX_OPERATIONS, type Operation, transact } from './transaction.ts';
import { type Settled, TransactionBatcher } from './transaction-batcher.ts';
import { VirtualNodes } from './virtual-nodes.ts';

/** Of the 200 connections that an agent allows one client address. */
const MAX_SOCKETS = 32;
/** Transactions side by side, of writes and of looks each. Consul applies one after the other; more only wait there. */
const IN_FLIGHT = 8;
/** What the first of a batch waits for others. Milliseconds. */
const DELAY = 2;
const DEFAULT_DEADLINE = 3000;
/** Milliseconds for the list of all own services. */
const LIST_DEADLINE = 15_000;
/** Nodes that are listed side by side. */
const LISTS = 8;
/** Others write between a look and the write that it guards; so often in a row is no accident. */
const MAX_ROUNDS = 8;

export interface ExternalCatalogOptions {
  readonly config: ConsulConfig;
  /** The owner mark. Asked for when it is needed: it is known once the database is migrated. */
  readonly registryId: () => string;
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
export class ExternalCatalog implements ServiceCatalog {
  readonly #config: ConsulConfig;
  readonly #registryId: () => string;
  readonly #random: () => number;
  readonly #deadline: number;
  readonly #client: AgentClient;
  readonly #writes: TransactionBatcher<Wish, void>;
  readonly #looks: TransactionBatcher<Place, StandingEntry | null>;

  /** Throws when the CA file cannot be read. Opens connections only when used. */
  constructor({ config, registryId, random = Math.random, deadline = DEFAULT_DEADLINE }: ExternalCatalogOptions) {
    this.#config = config;
    this.#registryId = registryId;
    this.#random = random;
    this.#deadline = deadline;
    this.#client = new AgentClient(config, { maxSockets: MAX_SOCKETS });
    const shared = { maxItems: MAX_PLACES, maxBytes: MAX_BYTES, inFlight: IN_FLIGHT, delay: DELAY };
    this.#writes = new TransactionBatcher({ ...shared, keyOf: ({ serviceId }) => serviceId, bytesOf, run: (batch) => this.#write(batch) });
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

  async deregister(serviceId: string): Promise<void> {
    const wish = { ...this.#place(serviceId), service: null, initial: 'critical' } as const;
    await this.#calling(`deregister service "${serviceId}"`, () => this.#writes.add(wish));
  }

  async exists(serviceId: string): Promise<boolean> {
    return (await this.#standing(serviceId)) !== null;
  }

  async standing({ id, check }: ServiceDefinition): Promise<Standing> {
    const standing = await this.#standing(id);
    if (standing === null) return 'gone';
    return check.kind === 'none' || standing.check !== null ? 'whole' : 'unchecked';
  }

  async owned(): Promise<readonly OwnedService[]> {
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
        }));
      });
      return owned.flat();
    });
  }

  async followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await followChecks({ address: this.#config, registryId: this.#registryId, random: this.#random, onChecks, onError, signal });
  }

  /** Closes the connections. Calls in flight fail. */
  close(): void {
    this.#client.destroy();
  }

  #nodes(): VirtualNodes {
    return new VirtualNodes(this.#registryId(), this.#config.virtualNodes);
  }

  #place(serviceId: string): Place {
    return { node: this.#nodes().homeOf(serviceId), serviceId };
  }

  /** The service under this registry's mark. */
  async #standing(serviceId: string): Promise<StandingEntry | null> {
    const entry = await this.#calling(`look up service "${serviceId}"`, () => this.#looks.add(this.#place(serviceId)));
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

  /** Looks, then writes over what it saw. What is in the way of a transaction leaves it, the others go on. */
  async #write(batch: readonly Wish[]): Promise<readonly Settled<void>[]> {
    return calling(`write ${batch.length} services`, this.#deadline, async (left) => {
      const settled = new Map<Wish, Settled<void>>();
      for (let round = 0; round < MAX_ROUNDS && settled.size < batch.length; round += 1) {
        await this.#tryToWrite(
          batch.filter((wish) => !settled.has(wish)),
          settled,
          left,
        );
      }
      const crowded = new BackendError('consul', 'Consul did not take a service: others write it at the same time, will be retried');
      return batch.map((wish) => settled.get(wish) ?? { error: crowded });
    });
  }

  async #tryToWrite(wishes: readonly Wish[], settled: Map<Wish, Settled<void>>, left: () => number): Promise<void> {
    const standing = await readEntries(this.#client, wishes, left);
    const owners: Wish[] = [];
    const operations: Operation[] = [];
    for (const [index, wish] of wishes.entries()) {
      try {
        for (const operation of writesFor(wish, standing[index] ?? null, this.#registryId(), this.#config)) {
          owners.push(wish);
          operations.push(operation);
        }
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        settled.set(wish, { error });
      }
    }
    const answer = operations.length === 0 ? { results: [] } : await transact(this.#client, operations, left());
    if ('results' in answer) {
      for (const wish of wishes) if (!settled.has(wish)) settled.set(wish, { value: undefined });
      return;
    }
    let isWithoutNode = false;
    for (const { index, what } of answer.errors) {
      const wish = owners[index];
      if (wish === undefined || /index is stale/.test(what)) continue;
      if (/Missing node registration/.test(what)) isWithoutNode = true;
      else settled.set(wish, { error: errorOf(wish, what) });
    }
    if (isWithoutNode) await this.#makeNodes(left);
  }

  async #makeNodes(left: () => number): Promise<void> {
    const operations = this.#nodes()
      .names()
      .map((name): Operation => ({ node: { verb: 'set', node: this.#wireNode(name) } }));
    for (let start = 0; start < operations.length; start += MAX_OPERATIONS) {
      const answer = await transact(this.#client, operations.slice(start, start + MAX_OPERATIONS), left());
      if ('errors' in answer) {
        const [first] = answer.errors;
        throw new BackendError('consul', `Consul did not take the virtual nodes of CONSUL_MODE=catalog: ${first?.what}`);
      }
    }
  }

  #wireNode(name: string) {
    return {
      Node: name,
      // RFC 2606: never an address. A node that announces none must not be found at that of whatever machine.
      Address: 'virtual-node.invalid',
      Meta: {
        // By which consul-esm finds what it should probe. It must not ping the node, which is none.
        'external-node': 'true',
        'external-probe': 'false',
        registry_id: this.#registryId(),
      },
    };
  }
}

/** The npm client takes a timeout in every call; its types know it in some. */
function withTimeout<T extends object>(options: T, timeout: number): T & { readonly timeout: number } {
  return { ...options, timeout };
}

function errorOf({ serviceId }: Wish, what: string): Error {
  if (/permission denied/i.test(what)) {
    return new BackendError(
      'consul',
      `Consul denied to write service "${serviceId}": ${what}. The token in CONSUL_HTTP_TOKEN needs service:write, service:read, node:write and node:read`,
    );
  }
  return new RefusedError('consul', `Consul refused to write service "${serviceId}": ${what}`);
}
