import { BackendError, DeposedError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import { Broadcast } from './broadcast.ts';
import { judged } from './decide.ts';
import { type Hearing, isSilent } from './health.ts';
import type { Leadership, Term } from './leadership.ts';
import type { NodeRecord } from './node-record.ts';
import type { Locked, ObservedCheck, RegistrationStore, Writes } from './ports.ts';
import type { RegistryView } from './view.ts';
import { writesOf } from './writes.ts';

/** Silence is looked for this often, and what could not be written is tried again. Milliseconds. */
const TICK = 1000;
/** For this long after a node's change Consul's answer may still be the one from before it. Milliseconds. */
const SETTLING = 1000;
const MAX_NODES = 500;

export interface HealthKeeperParts {
  readonly view: RegistryView;
  readonly store: RegistrationStore;
  readonly leadership: Leadership;
  readonly hearing: () => Hearing;
  readonly log: Log;
  readonly onCommitted: () => void;
}

/**
 * Writes every change of health into the change log: what Consul's checks say, what heartbeats report, and silence. Only the leader
 * judges, since each gateway hears other heartbeats.
 */
export class HealthKeeper {
  readonly #parts: HealthKeeperParts;
  readonly #kicked = new Broadcast();

  constructor(parts: HealthKeeperParts) {
    this.#parts = parts;
  }

  /** Something was observed: look now. */
  kick(): void {
    this.#kicked.send();
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const term = this.#parts.leadership.term();
      if (term !== null) await this.#judgeAll(term);
      await this.#kicked.wait(TICK, signal);
    }
  }

  async #judgeAll(term: Term): Promise<void> {
    const { view, store, hearing, log, onCommitted } = this.#parts;
    const changed: NodeId[] = [];
    const heard = hearing();
    for (const node of view.values()) {
      if (this.#judge(node, heard) === null) continue;
      changed.push(node.nodeId);
      if (changed.length === MAX_NODES) break;
    }
    if (changed.length === 0) return;
    try {
      const judge = async ({ nodes }: Locked): Promise<Writes> => {
        // Judged again on what is stored: memory may be behind it.
        const heardNow = hearing();
        return writesOf([...nodes.values()].map((node) => this.#judge(node, heardNow)));
      };
      const changes = await store.transact(changed, [], judge, term);
      if (changes.length > 0) onCommitted();
      for (const { nodeId, node, reason, cursor } of changes) log.info({ nodeId, health: node.health, reason, cursor }, 'health changed');
    } catch (error) {
      if (error instanceof DeposedError) {
        log.info({ error: error.message }, 'leaves changes of health to the next leader');
        return;
      }
      if (!(error instanceof BackendError)) throw error;
      log.warn({ error: error.message, nodes: changed.length, at: hearing().now }, 'could not write changes of health, will retry');
    }
  }

  #judge(node: NodeRecord, heard: Hearing) {
    const { view } = this.#parts;
    if (node.state !== 'REGISTERED') return null;
    const observed = Math.abs(heard.now - node.updatedAt) < SETTLING ? null : (view.observedCheck(node) ?? null);
    return judged(node, observed, reasonOf(node, observed, heard), heard);
  }
}

function reasonOf(node: NodeRecord, observed: ObservedCheck | null, hearing: Hearing): string {
  if (observed !== null && observed.status !== node.checkStatus) return `check_${observed.status}`;
  return isSilent(node, hearing) ? 'silence' : 'heartbeat';
}
