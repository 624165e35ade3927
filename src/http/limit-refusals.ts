/** How often clients ran into each limit, for the metrics. */
export class LimitRefusals {
  readonly #counts = new Map<string, number>();

  add(limit: string): void {
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + 1);
  }

  read(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
