import { BackendError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Change } from './change.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Cursor } from './cursor.ts';
import type { Accepted, ChangeLog, Clock, Messenger } from './ports.ts';

const PAGE = 200;
const POLL = 1000;
const RETRY = 2000;

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
}

/**
 * Says the change log on Kafka, in cursor order: `accepted` to the nodes, and the topic of changes. It follows the log and not the saga,
 * so that a crash between the two loses neither; after one, the last entries may be said twice.
 */
export class Publisher {
  readonly #parts: PublisherParts;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { feed, logger } = this.#parts;
    while (!signal.aborted) {
      let wait = POLL;
      const head = feed.head();
      try {
        const said = await this.#publish(signal);
        if (said !== null && said < head) continue;
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        logger.warn({ error: messageOf(error) }, 'could not publish changes on Kafka, will retry');
        wait = RETRY;
      }
      if (feed.head() === head) await feed.arrival(wait, signal);
    }
  }

  /** The next page. Returns where it stands; null when another gateway is at it. */
  #publish(signal: AbortSignal): Promise<Cursor | null> {
    const { log, position, messenger, now } = this.#parts;
    return position.advance(async (from) => {
      const changes = signal.aborted ? [] : await log.readAfter(from, PAGE);
      // Nothing said is nothing heard: an empty call would pass for an answer of Kafka, and close its circuit.
      if (changes.length > 0) await messenger.publishChanges(changes);
      const accepted = changes.filter(isRegistration).map((change) => acceptedOf(change, now()));
      if (accepted.length > 0) await messenger.accept(accepted);
      return changes.at(-1)?.cursor ?? from;
    });
  }
}

function isRegistration({ type, node }: Change): boolean {
  return node.state === 'REGISTERED' && (type === 'ADDED' || type === 'MODIFIED');
}

function acceptedOf({ nodeId, node, cursor, correlationId }: Change, acceptedAt: number): Accepted {
  return { nodeId, consulServiceId: node.consulServiceId, cursor, correlationId, acceptedAt };
}
