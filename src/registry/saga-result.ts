import type { RefusedError } from '../errors.ts';
import type { Change } from './change.ts';
import type { NodeRecord } from './node-record.ts';
import type { SagaItem } from './saga-groups.ts';

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
