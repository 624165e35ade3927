import { setTimeout as sleep } from 'node:timers/promises';
import { announcement, type Nodes } from './running-gateway.ts';

const NODES = 12;
/** One announcement or goodbye and one heartbeat each time: 20 messages a second. Milliseconds. */
const TICK = 100;

/**
 * Nodes that announce other content each time, say goodbye, return and heartbeat, until told to stop. On both generations of topics and
 * without keys, so that the messages of one node lie in several partitions.
 */
export class SteadyTraffic {
  /** What each node said last: its capability, or null after a goodbye. */
  readonly last = new Map<string, string | null>();
  readonly #nodes: Nodes;
  readonly #endpoints: object;
  readonly #ended: Promise<void>;
  #isStopped = false;

  constructor(nodes: Nodes, endpoints: object) {
    this.#nodes = nodes;
    this.#endpoints = endpoints;
    this.#ended = this.#run();
  }

  /** Resolves once the last message is in Kafka; throws when one could not be sent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1) {
      const [round, index] = [Math.floor(count / NODES), count % NODES];
      const nodeId = `rolling-${index}`;
      const leaves = (round + index) % 4 === 3;
      const capability = `round-${round}`;
      const reason = this.last.get(nodeId) == null ? 'startup' : 'capability_change';
      const value = announcement(nodeId, {
        endpoints: this.#endpoints,
        capabilities: ['rolling', capability],
        reason: leaves ? 'shutdown' : reason,
      });
      await Promise.all([
        this.#nodes.send(this.#nodes.topic('introspection', count % 2), { value }),
        this.#nodes.heartbeat(`rolling-${(index + NODES / 2) % NODES}`),
      ]);
      this.last.set(nodeId, leaves ? null : capability);
      await sleep(TICK);
    }
  }
}
