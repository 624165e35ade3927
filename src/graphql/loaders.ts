import DataLoader from 'dataloader';
import type { NodeId } from '../events/node-id.ts';
import type { ChangeEvent } from '../registry/change.ts';
import type { Cursor } from '../registry/cursor.ts';
import type { Registry, RejectedEvent } from '../registry/registry.ts';

/** The latest `first` changes of a node, newest first. */
export type ChangesOfNode = (nodeId: NodeId, first: number) => Promise<readonly ChangeEvent[]>;

/** The change at a position of the log; undefined where there is none, or no longer. */
export type ChangeAt = (cursor: Cursor) => Promise<ChangeEvent | undefined>;

/** The latest `first` rejected events, newest first. */
export type LatestRejected = (first: number) => Promise<readonly RejectedEvent[]>;

interface Key {
  readonly nodeId: NodeId;
  readonly first: number;
}

/**
 * Gathers what the nodes of one operation ask for into one statement per distinct `first`. Rejects with what
 * `registry.changesOfNodes` throws (BACKEND_UNAVAILABLE).
 */
export function createChangesLoader(registry: Pick<Registry, 'changesOfNodes'>): ChangesOfNode {
  // Built on first use: most operations never ask, and `healthyServices` is asked hundreds of times a second.
  let loader: DataLoader<Key, readonly ChangeEvent[]> | undefined;
  return (nodeId, first) => {
    // Batched, never cached: a subscription keeps one context for days, and must neither serve old changes nor collect them.
    loader ??= new DataLoader((keys: readonly Key[]) => loadAll(registry, keys), { cache: false });
    return loader.load({ nodeId, first });
  };
}

/**
 * Reads what several fields of one operation ask for with one statement, as many as the one that asks for most. Rejects with what
 * `registry.rejectedEvents` throws (BACKEND_UNAVAILABLE).
 */
export function createRejectedLoader(registry: Pick<Registry, 'rejectedEvents'>): LatestRejected {
  let loader: DataLoader<number, readonly RejectedEvent[]> | undefined;
  return (first) => {
    loader ??= new DataLoader(
      async (counts: readonly number[]) => {
        const latest = await registry.rejectedEvents(Math.max(...counts));
        return counts.map((count) => latest.slice(0, count));
      },
      { cache: false },
    );
    return loader.load(first);
  };
}

/** Reads the changes at all positions that one operation asks for with one statement. Rejects with what `registry.changesAt` throws. */
export function createChangeAtLoader(registry: Pick<Registry, 'changesAt'>): ChangeAt {
  let loader: DataLoader<Cursor, ChangeEvent | undefined> | undefined;
  return (cursor) => {
    loader ??= new DataLoader(
      async (cursors: readonly Cursor[]) => {
        const changes = await registry.changesAt(cursors);
        return cursors.map((one) => changes.get(one));
      },
      { cache: false },
    );
    return loader.load(cursor);
  };
}

async function loadAll(
  registry: Pick<Registry, 'changesOfNodes'>,
  keys: readonly Key[],
): Promise<readonly (readonly ChangeEvent[] | Error)[]> {
  const idsByFirst = new Map<number, Set<NodeId>>();
  for (const { nodeId, first } of keys) {
    const ids = idsByFirst.get(first);
    if (ids === undefined) idsByFirst.set(first, new Set([nodeId]));
    else ids.add(nodeId);
  }
  const byFirst = new Map<number, ReadonlyMap<NodeId, readonly ChangeEvent[]> | Error>();
  await Promise.all(
    [...idsByFirst].map(async ([first, ids]) => {
      byFirst.set(first, await registry.changesOfNodes([...ids], first).catch(asError));
    }),
  );
  return keys.map(({ nodeId, first }) => {
    const changes = byFirst.get(first);
    return changes instanceof Error ? changes : (changes?.get(nodeId) ?? []);
  });
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
