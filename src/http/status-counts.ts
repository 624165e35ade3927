/** Classes of HTTP statuses, by their first digit. */
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** How many requests were answered how, for the metrics. */
export class StatusCounts {
  readonly #counts = new Float64Array(CLASSES.length);

  add(status: number): void {
    const place = Math.floor(status / 100) - 1;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  read(): readonly (readonly [status: string, count: number])[] {
    // Node answers with 1xx by itself, and goes on to another.
    return CLASSES.slice(1).map((name, index) => [name, this.#counts[index + 1] ?? 0] as const);
  }
}
