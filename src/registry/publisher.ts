import { delay } from '../delay.ts';
import { BackendError, messageOf, UnsettledError } from '../errors.ts';
import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import type { Change } from './change.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Cursor } from './cursor.ts';
import { type RegistryObserver, UNOBSERVED } from './observer.ts';
import type { Accepted, ChangeLog, Clock, Messenger } from './ports.ts';

const PAGE = 200;
const POLL = 1000;
const RETRY = 2000;
/**
 * Rest after something was said. The first change after silence is said at once; of a steady stream several are said together, since to say
 * one takes a transaction and two messages. Milliseconds.
 */
const REST = 50;

/** How far the change log was said on Kafka. One gateway at a time holds the place. */
export interface PublishedPosition {
  /** Runs the work with the place held; null when another gateway holds it. The cursor it returns is stored. Throws BackendError. */
  advance(work: (from: Cursor) => Promise<Cursor>): Promise<Cursor | null>;
}

export interface PublisherParts {
  readonly feed: ChangeFeed;
  readonly log: ChangeLog;
  readonly position: PublishedPosition;
  readonly messenger: Messenger;
  readonly now: Clock;
  readonly logger: Log;
  /** Told of changes that Kafka took. Default: nobody. */
  readonly observer?: RegistryObserver;
}

/**
 * Says the change log on Kafka, in cursor order: `accepted` to the nodes, and the topic of changes. It follows the log and not the saga,
 * so that a crash between the two loses neither; after one, the last entries may be said twice.
 */
export class Publisher {
  readonly #parts: PublisherParts;
  /** Nodes of whom Kafka may have been told something old, after something newer was said by another gateway. */
  readonly #doubtful = new Set<NodeId>();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { feed, logger } = this.#parts;
    while (!signal.aborted) {
      let wait = POLL;
      const head = feed.head();
      try {
        if (this.#doubtful.size > 0) await this.#sayAgain();
        const { reached, count } = await this.#publish(signal);
        if (reached !== null && reached < head) continue;
        if (count > 0) await delay(REST, signal);
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        logger.warn({ error: messageOf(error) }, 'could not publish changes on Kafka, will retry');
        wait = RETRY;
      }
      if (feed.head() === head) await feed.arrival(wait, signal);
    }
  }

  /** The next page. Returns how many changes it held, and where it ends; null when another gateway is at it. */
  async #publish(signal: AbortSignal): Promise<{ readonly reached: Cursor | null; readonly count: number }> {
    const { log, position, messenger, now, observer = UNOBSERVED } = this.#parts;
    let page: readonly Change[] = [];
    try {
      const reached = await position.advance(async (from) => {
        page = signal.aborted ? [] : await log.readAfter(from, PAGE);
        // Nothing said is nothing heard: an empty call would pass for an answer of Kafka, and close its circuit.
        if (page.length > 0) await messenger.publishChanges(page);
        const accepted = page.filter(isRegistration).map((change) => acceptedOf(change, now()));
        if (accepted.length > 0) await messenger.accept(accepted);
        observer.arrived('kafka', page, now());
        return page.at(-1)?.cursor ?? from;
      });
      return { reached, count: page.length };
    } catch (error) {
      this.#doubt(
        page.map(({ nodeId }) => nodeId),
        error,
      );
      throw error;
    }
  }

  /** The place is free again, and whoever has it may go on while what was said here is still on its way. */
  #doubt(nodeIds: readonly NodeId[], error: unknown): void {
    const settled = error instanceof UnsettledError ? error.settled : Promise.resolve();
    void settled.then(() => {
      for (const nodeId of nodeIds) this.#doubtful.add(nodeId);
    });
  }

  /** The last that was said of each doubtful node, once more, with the place held: the topic of changes must end with it. */
  async #sayAgain(): Promise<void> {
    const { log, position, messenger } = this.#parts;
    const nodeIds = [...this.#doubtful].slice(0, PAGE);
    for (const nodeId of nodeIds) this.#doubtful.delete(nodeId);
    try {
      const reached = await position.advance(async (from) => {
        const latest = [...(await log.latestOf(nodeIds, 1)).values()].flat();
        // What lies after the place is said anyway, in its turn.
        const said = latest.filter(({ cursor }) => cursor <= from).sort((a, b) => a.cursor - b.cursor);
        if (said.length > 0) await messenger.publishChanges(said);
        return from;
      });
      if (reached === null) for (const nodeId of nodeIds) this.#doubtful.add(nodeId);
    } catch (error) {
      this.#doubt(nodeIds, error);
      throw error;
    }
  }
}

function isRegistration({ type, node }: Change): boolean {
  return node.state === 'REGISTERED' && (type === 'ADDED' || type === 'MODIFIED');
}

function acceptedOf({ nodeId, node, cursor, correlationId, traceparent }: Change, acceptedAt: number): Accepted {
  return { nodeId, consulServiceId: node.consulServiceId, cursor, correlationId, acceptedAt, traceparent };
}
