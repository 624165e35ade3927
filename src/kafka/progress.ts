import type { Batch } from 'kafkajs';

/** How far this gateway is in each partition, and what it works on. Keys are those of `partitionKey`. */
export class Progress {
  readonly #now: () => number;
  readonly #positions = new Map<string, bigint>();
  readonly #ends = new Map<string, bigint>();
  readonly #inWork = new Map<string, number>();
  readonly #failures = new Map<string, number>();

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  begun(key: string, batch: Pick<Batch, 'highWatermark' | 'firstOffset'>): void {
    this.#inWork.set(key, this.#now());
    this.#ends.set(key, BigInt(batch.highWatermark));
    this.#positions.set(key, BigInt(batch.firstOffset() ?? batch.highWatermark));
  }

  /** Everything below the offset is worked off, or is nothing that a consumer sees. */
  reached(key: string, nextOffset: bigint): void {
    const before = this.#positions.get(key);
    if (before === undefined || before < nextOffset) this.#positions.set(key, nextOffset);
  }

  /** A batch was worked on to the end of what can be done with it, and failed for a reason of our own: it is tried again. */
  failed(key: string): void {
    this.#failures.set(key, this.failures(key) + 1);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  ended(key: string): void {
    this.#inWork.delete(key);
  }

  /** The next offset to work off; null: none of this partition came yet. */
  positionOf(key: string): bigint | null {
    return this.#positions.get(key) ?? null;
  }

  /** Whether some batch has been in work for so long, in milliseconds. */
  isBusySince(duration: number): boolean {
    const before = this.#now() - duration;
    return [...this.#inWork.values()].some((since) => since <= before);
  }

  /** Messages that were there when their partition was last fetched from, and are not worked off. */
  lag(): number {
    let sum = 0n;
    for (const [key, end] of this.#ends) {
      const position = this.#positions.get(key) ?? end;
      if (position < end) sum += end - position;
    }
    return Number(sum);
  }

  /** After a rebalance others may have gone further, or partitions are no longer ours. */
  forget(): void {
    this.#positions.clear();
    this.#ends.clear();
  }
}

export function partitionKey({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${partition} ${topic}`;
}
