import type { RefusedError } from '../errors.ts';
import type { Change } from './change.ts';
import type { NodeRecord } from './node-record.ts';
import type { RegistryObserver, SagaEnd } from './observer.ts';
import { positionsIn, type SagaItem } from './saga-groups.ts';

export interface SagaResult {
  readonly changes: readonly Change[];
  /** What became of the items that are done. */
  readonly done: readonly SagaOutcome[];
  /** Unchanged startups: they are answered `accepted` as well, and no change says so. */
  readonly renewed: readonly { readonly node: NodeRecord; readonly correlationId: string | null }[];
  /** A back end did not answer: the same items again, later. */
  readonly retry: readonly SagaItem[];
  /** Consul or Postgres will never take these. */
  readonly refused: readonly { readonly item: SagaItem; readonly error: RefusedError }[];
  /** Whether `completed` is stored. */
  readonly isRecorded: boolean;
}

export interface SagaOutcome {
  readonly item: SagaItem;
  readonly outcome: 'applied' | 'unchanged' | 'superseded';
  /** Why it is superseded. */
  readonly why: string | null;
}

/** The result of nothing. */
export const EMPTY: SagaResult = { changes: [], done: [], renewed: [], retry: [], refused: [], isRecorded: false };

/** Tells the observer what a saga that began at a time (`performance.now()`) came to. */
export function tellEnds(observer: RegistryObserver, { done, retry, refused }: SagaResult, startedAt: number): void {
  const endedAt = performance.now();
  const tell = (end: SagaEnd, items: readonly SagaItem[], error?: unknown) => {
    if (items.length > 0) observer.ended(end, positionsIn(items), { startedAt, endedAt, error });
  };
  for (const end of ['applied', 'unchanged', 'superseded'] as const) {
    tell(
      end,
      done.filter(({ outcome }) => outcome === end).map(({ item }) => item),
    );
  }
  tell('retried', retry, new Error('a back end does not answer, will retry'));
  for (const { item, error } of refused) tell('refused', [item], error);
}

/** One result of several. */
export function merge(results: readonly SagaResult[]): SagaResult {
  return {
    changes: results.flatMap(({ changes }) => changes),
    done: results.flatMap(({ done }) => done),
    renewed: results.flatMap(({ renewed }) => renewed),
    retry: results.flatMap(({ retry }) => retry),
    refused: results.flatMap(({ refused }) => refused),
    isRecorded: results.some(({ isRecorded }) => isRecorded),
  };
}
