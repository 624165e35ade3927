import type { Outcome, Progress } from '../../../../src/registry/ports.ts';

/** Where each partition stands and what became of its messages, each counted once. */
export class Positions {
  readonly counts: Record<Outcome, number> = {
    applied: 0,
    unchanged: 0,
    superseded: 0,
    rejected: 0,
    heartbeat: 0,
    acknowledged: 0,
    ignored: 0,
  };
  readonly #partitions = new Map<string, { nextOffset: number; readonly ahead: Set<number> }>();

  advance({ processed, completed }: Progress): void {
    for (const { position, outcome } of processed) {
      const partition = this.#partition(position.topic, position.partition);
      const offset = Number(position.offset);
      if (offset < partition.nextOffset || partition.ahead.has(offset)) continue;
      partition.ahead.add(offset);
      this.counts[outcome] += 1;
    }
    for (const { topic, partition: number, nextOffset } of completed) {
      const partition = this.#partition(topic, number);
      partition.nextOffset = Math.max(partition.nextOffset, Number(nextOffset));
      for (const offset of partition.ahead) if (offset < partition.nextOffset) partition.ahead.delete(offset);
    }
  }

  nextOffset(topic: string, partition: number): number {
    return this.#partition(topic, partition).nextOffset;
  }

  /** Messages counted, of whatever outcome. */
  total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  #partition(topic: string, partition: number) {
    const key = `${partition} ${topic}`;
    const known = this.#partitions.get(key) ?? { nextOffset: 0, ahead: new Set<number>() };
    this.#partitions.set(key, known);
    return known;
  }
}
