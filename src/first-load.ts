import { delay } from './delay.ts';
import { BackendError, messageOf } from './errors.ts';
import type { Log } from './log.ts';
import type { ChangeFeed } from './registry/change-feed.ts';
import type { SnapshotStore } from './registry/ports.ts';

/** Between two tries to reach Postgres. Milliseconds. */
const RETRY = 2000;
/** A Postgres that has not answered for so long may hang for the whole 5 s of its connect timeout: the snapshot comes first. Milliseconds. */
const PATIENCE = 500;

export interface FirstLoadParts {
  /** Brings the database up to date and returns the registry's id. Throws BackendError when Postgres does not answer. */
  readonly migrate: () => Promise<string>;
  readonly feed: Pick<ChangeFeed, 'load' | 'restore' | 'discard'>;
  /** null: none is configured. */
  readonly snapshots: Pick<SnapshotStore, 'read'> | null;
  readonly log: Log;
  /** The registry is known: once it is restored from the snapshot, and again when Postgres has answered. */
  readonly onRegistry: (registryId: string) => void;
}

/**
 * Loads the registry from Postgres, however long that takes to answer, and meanwhile from the snapshot, if there is one. Resolves when
 * it is loaded from Postgres (true), or the signal aborted (false). Throws for whatever waiting does not mend.
 */
export async function firstLoad(parts: FirstLoadParts, signal: AbortSignal): Promise<boolean> {
  const { migrate, feed, log, onRegistry } = parts;
  let fallback: Promise<string | null> | null = null;
  const fallBack = () => {
    fallback ??= restore(parts);
    return fallback;
  };
  const end = aborted(signal);
  while (!signal.aborted) {
    const migrating = migrate();
    if (!(await isAnsweredWithin(PATIENCE, migrating))) await fallBack();
    try {
      // A Postgres that hangs must not hold up the end.
      const registryId = await Promise.race([migrating, end]);
      if (registryId === null) return false;
      const restored = await fallback;
      if (restored !== null && restored !== registryId) {
        log.error({ registryId, snapshotOf: restored }, 'the snapshot is of another registry than the one in Postgres: thrown away');
        feed.discard();
        fallback = Promise.resolve(null);
      }
      onRegistry(registryId);
      await feed.load();
      return true;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      await fallBack();
      log.warn({ error: error.message, retryIn: `${RETRY} ms` }, 'waiting for Postgres');
      await delay(RETRY, signal);
    }
  }
  return false;
}

/** The id of the registry that is served from its snapshot now; null: there is no snapshot, or none that can be used. */
async function restore({ feed, snapshots, log, onRegistry }: FirstLoadParts): Promise<string | null> {
  if (snapshots === null) {
    log.info('SNAPSHOT_FILE is none: nothing is served until Postgres answers');
    return null;
  }
  try {
    const snapshot = await snapshots.read();
    if (snapshot === null) {
      log.warn('there is no snapshot yet to answer from until Postgres answers');
      return null;
    }
    feed.restore(snapshot);
    onRegistry(snapshot.registryId);
    const { registryId, nodes, cursor, asOf } = snapshot;
    log.warn({ registryId, nodes: nodes.length, cursor, asOf: new Date(asOf).toISOString() }, 'serving from the snapshot, marked stale');
    return registryId;
  } catch (error) {
    log.error({ error: messageOf(error) }, 'the snapshot cannot be used, nothing is served until Postgres answers');
    return null;
  }
}

/** Whether the promise has resolved by then. Rejections are its owner's. */
async function isAnsweredWithin(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  const waiting = new AbortController();
  const isAnswered = promise.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([isAnswered, delay(milliseconds, waiting.signal).then(() => false)]);
  } finally {
    waiting.abort();
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
