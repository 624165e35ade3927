import type { ConsulConfig } from '../config/consul.ts';
import { BackendError, RefusedError } from '../errors.ts';
import type { AgentClient } from './agent-client.ts';
import { type Wish, writesFor } from './catalog-writes.ts';
import { calling } from './deadline.ts';
import { readEntries, type StandingEntry } from './standing-entry.ts';
import { type Operation, transact } from './transaction.ts';
import type { Settled } from './transaction-batcher.ts';

/** Services of which it is known that this gateway wrote them: some 20 MB. What is forgotten is taken for new, which costs a round. */
const REMEMBERED = 200_000;

/** Others write between a look and the write that it guards; so often in a row is no accident. */
const MAX_ROUNDS = 8;

export interface CatalogWriterParts {
  readonly client: AgentClient;
  readonly config: ConsulConfig;
  readonly registryId: () => string;
  /** Of one batch, milliseconds. */
  readonly deadline: number;
  /** A node must stand before its services. */
  readonly makeNodes: (left: () => number) => Promise<void>;
}

/**
 * Makes wishes come true, as one transaction. What is in the way of it leaves it, and the others go on. What this gateway has not written
 * itself is taken for new at first: that spares a look at nothing (a third of Consul's work for a new service), and the guard of a service
 * that stands refuses it.
 */
export class CatalogWriter {
  readonly #parts: CatalogWriterParts;
  /** Services that this gateway wrote, and has not removed, though another may have. */
  readonly #written = new Set<string>();

  constructor(parts: CatalogWriterParts) {
    this.#parts = parts;
  }

  /** How each ended. Throws BackendError when Consul did not answer: each may have happened. */
  async write(batch: readonly Wish[]): Promise<readonly Settled<void>[]> {
    return calling(`write ${batch.length} services`, this.#parts.deadline, async (left) => {
      const settled = new Map<Wish, Settled<void>>();
      for (let round = 0; round < MAX_ROUNDS && settled.size < batch.length; round += 1) {
        const open = batch.filter((wish) => !settled.has(wish));
        const looked = open.filter((wish) => round > 0 || wish.service === null || this.#written.has(wish.serviceId));
        const entries = await readEntries(this.#parts.client, looked, left);
        await this.#tryToWrite(open, new Map(looked.map((wish, index) => [wish, entries[index] ?? null])), settled, left);
      }
      const crowded = new BackendError('consul', 'Consul did not take a service: others write it at the same time, will be retried');
      return batch.map((wish) => settled.get(wish) ?? { error: crowded });
    });
  }

  async #tryToWrite(
    wishes: readonly Wish[],
    standing: ReadonlyMap<Wish, StandingEntry | null>,
    settled: Map<Wish, Settled<void>>,
    left: () => number,
  ): Promise<void> {
    const { client, config, registryId, makeNodes } = this.#parts;
    const owners: Wish[] = [];
    const operations: Operation[] = [];
    for (const wish of wishes) {
      try {
        for (const operation of writesFor(wish, standing.get(wish) ?? null, registryId(), config)) {
          owners.push(wish);
          operations.push(operation);
        }
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        settled.set(wish, { error });
      }
    }
    // Whatever becomes of it now, it may stand from here on.
    for (const { serviceId, service } of wishes) if (service !== null) this.#remember(serviceId);
    const answer = operations.length === 0 ? { results: [] } : await transact(client, operations, left());
    if ('results' in answer) {
      for (const wish of wishes) {
        if (settled.has(wish)) continue;
        settled.set(wish, { value: undefined });
        if (wish.service === null) this.#written.delete(wish.serviceId);
      }
      return;
    }
    let isWithoutNode = false;
    for (const { index, what } of answer.errors) {
      const wish = owners[index];
      if (wish === undefined || /index is stale/.test(what)) continue;
      if (/Missing node registration/.test(what)) isWithoutNode = true;
      else settled.set(wish, { error: errorOf(wish, what) });
    }
    if (isWithoutNode) await makeNodes(left);
  }

  #remember(serviceId: string): void {
    this.#written.delete(serviceId);
    this.#written.add(serviceId);
    const [oldest] = this.#written.size > REMEMBERED ? this.#written : [];
    if (oldest !== undefined) this.#written.delete(oldest);
  }
}

function errorOf({ serviceId }: Wish, what: string): Error {
  if (/permission denied/i.test(what)) {
    return new BackendError(
      'consul',
      `Consul denied to write service "${serviceId}": ${what}. The token in CONSUL_HTTP_TOKEN needs the policy of its mode: deploy/consul, docs/operations.md`,
    );
  }
  return new RefusedError('consul', `Consul refused to write service "${serviceId}": ${what}`);
}
