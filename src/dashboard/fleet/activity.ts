import type { LoggedType } from '../gateway/change-shape.ts';
import type { Change } from './change.ts';

/** What happened in one stretch of time. Moments are milliseconds since 1970. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly counts: Readonly<Record<LoggedType, number>>;
  /** Registered nodes at its end; null where the lines do not reach back that far. */
  readonly registered: number | null;
}

export interface Span {
  readonly name: string;
  /** Milliseconds. */
  readonly length: number;
  readonly buckets: number;
}

const MINUTE = 60_000;

export const SPANS: readonly Span[] = [
  { name: '15 min', length: 15 * MINUTE, buckets: 60 },
  { name: '1 h', length: 60 * MINUTE, buckets: 60 },
  { name: '24 h', length: 1440 * MINUTE, buckets: 72 },
];

/**
 * Changes by stretches of time, and how many nodes were registered at the end of each: from the number now, backwards over who came and went.
 *
 * @param changes oldest first, without a gap up to now
 * @param registered nodes registered now
 * @param reaches since when the lines are complete; null: since ever
 */
export function activity(
  changes: readonly Change[],
  span: Span,
  now: number,
  registered: number,
  reaches: number | null,
): readonly Bucket[] {
  const width = span.length / span.buckets;
  // The stretches stand still while time goes on, so that the bars do not tremble.
  const end = Math.ceil(now / width) * width;
  const start = end - span.length;
  const counts = Array.from(
    { length: span.buckets },
    (): Record<LoggedType, number> => ({ ADDED: 0, MODIFIED: 0, HEALTH_CHANGED: 0, REMOVED: 0 }),
  );
  for (let index = changes.length - 1; index >= 0; index -= 1) {
    const change = changes[index];
    if (change === undefined || change.occurredAt < start) break;
    const bucket = counts[Math.min(span.buckets - 1, Math.floor((change.occurredAt - start) / width))];
    if (bucket !== undefined) bucket[change.type] += 1;
  }
  const buckets: Bucket[] = [];
  let standing = registered;
  for (let index = span.buckets - 1; index >= 0; index -= 1) {
    const bucket = counts[index];
    if (bucket === undefined) continue;
    const from = start + index * width;
    const to = from + width;
    buckets.push({ from, to, counts: bucket, registered: reaches !== null && to < reaches ? null : Math.max(0, standing) });
    standing += bucket.REMOVED - bucket.ADDED;
  }
  return buckets.reverse();
}

export function totalOf({ counts }: Bucket): number {
  return counts.ADDED + counts.MODIFIED + counts.HEALTH_CHANGED + counts.REMOVED;
}
