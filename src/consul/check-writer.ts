import type { ConsulConfig } from '../config/consul.ts';
import type { Log } from '../log.ts';
import type { ObservedCheck, ServiceCheck } from '../registry/ports.ts';
import { AgentClient } from './agent-client.ts';
import { calling } from './deadline.ts';
import { hostAndPort } from './go-values.ts';
import { MAX_PLACES, type Place, readEntries, type StandingEntry } from './standing-entry.ts';
import { MAX_BYTES, type Operation, transact } from './transaction.ts';
import { type Settled, TransactionBatcher } from './transaction-batcher.ts';

const DEADLINE = 3000;
/** A batch of checks waits longer than one of registrations: nobody waits for it. Milliseconds. */
const DELAY = 20;
const IN_FLIGHT = 2;
const MAX_ROUNDS = 4;

export interface CheckWriterParts {
  readonly config: ConsulConfig;
  readonly registryId: () => string;
  readonly log: Log;
}

/** What a prober has to say of a service. */
interface Word extends Place {
  /** What was probed: a registration that asks for something else by now is not meant. */
  readonly check: ServiceCheck;
  /** null: it has been critical for too long, and has to go. */
  readonly observed: ObservedCheck | null;
}

/**
 * Writes what probes found into the checks of the catalog, and takes out what was critical for too long. Each write is guarded by the
 * index of what was read just before: a prober that comes late never writes over a newer registration.
 */
export class CheckWriter {
  readonly #parts: CheckWriterParts;
  readonly #client: AgentClient;
  readonly #batcher: TransactionBatcher<Word, boolean>;

  /** Throws when the CA file cannot be read. Opens connections only when used. */
  constructor(parts: CheckWriterParts) {
    this.#parts = parts;
    this.#client = new AgentClient(parts.config, { maxSockets: IN_FLIGHT });
    this.#batcher = new TransactionBatcher({
      run: (batch) => this.#write(batch),
      keyOf: ({ serviceId }) => serviceId,
      bytesOf: () => 4000,
      maxItems: MAX_PLACES,
      maxBytes: MAX_BYTES,
      inFlight: IN_FLIGHT,
      delay: DELAY,
    });
  }

  /** Returns whether anything was written: not where it says so already, or stands there otherwise. Throws BackendError. */
  write(place: Place, check: ServiceCheck, observed: ObservedCheck): Promise<boolean> {
    return this.#batcher.add({ ...place, check, observed });
  }

  /** Removes the service, if its check is still critical. Returns whether it did. Throws BackendError. */
  remove(place: Place, check: ServiceCheck): Promise<boolean> {
    return this.#batcher.add({ ...place, check, observed: null });
  }

  /** Closes the connections. Calls in flight fail. */
  close(): void {
    this.#client.destroy();
  }

  async #write(batch: readonly Word[]): Promise<readonly Settled<boolean>[]> {
    return calling('write what probes found', DEADLINE, async (left) => {
      const written = new Set<Word>();
      let words = batch;
      for (let round = 0; round < MAX_ROUNDS && words.length > 0; round += 1) {
        const entries = await readEntries(this.#client, words, left);
        const wanted = words.map((word, index) => ({ word, operations: this.#operations(word, entries[index] ?? null) }));
        const meant = wanted.filter(({ operations }) => operations.length > 0);
        if (meant.length === 0) break;
        const owners = meant.flatMap(({ word, operations }) => operations.map(() => word));
        const answer = await transact(
          this.#client,
          meant.flatMap(({ operations }) => operations),
          left(),
        );
        if ('results' in answer) {
          for (const { word } of meant) written.add(word);
          break;
        }
        const refused = new Set<Word>();
        for (const { index, what } of answer.errors) {
          const word = owners[index];
          if (word === undefined || what.includes('index is stale')) continue;
          refused.add(word);
          this.#parts.log.error({ serviceId: word.serviceId, error: what }, 'Consul refuses what a probe found');
        }
        words = meant.flatMap(({ word }) => (refused.has(word) ? [] : [word]));
      }
      return batch.map((word) => ({ value: written.has(word) }));
    });
  }

  #operations({ node, serviceId, check, observed }: Word, entry: StandingEntry | null): readonly Operation[] {
    if (entry === null || entry.check === null || entry.meta['registry_id'] !== this.#parts.registryId()) return [];
    const { check: standing } = entry;
    if (!isOf(check, standing.Definition)) return [];
    if (observed !== null) {
      if (standing.Status === observed.status) return [];
      return [{ check: { verb: 'cas', check: { ...standing, Node: node, Status: observed.status, Output: observed.output } } }];
    }
    if (standing.Status !== 'critical') return [];
    return [
      // Changes nothing, but fails with all of it when somebody else just wrote the check.
      { check: { verb: 'cas', check: { ...standing, Node: node } } },
      { service: { verb: 'delete-cas', node, service: { ID: serviceId, Service: entry.name, ModifyIndex: entry.index } } },
    ];
  }
}

function isOf(check: ServiceCheck, { HTTP, TCP }: { readonly HTTP?: string | undefined; readonly TCP?: string | undefined }): boolean {
  if (check.kind === 'http') return HTTP === check.url;
  return check.kind === 'tcp' && TCP === hostAndPort(check.host, check.port);
}
