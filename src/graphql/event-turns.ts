/** Events that are let through in one turn of the event loop: about a millisecond of executing them. */
const PER_TURN = 25;

/**
 * Spreads the events of all subscriptions over turns of the event loop. One change wakes thousands of subscribers at once, and a snapshot
 * of 10,000 nodes goes out without ever waiting for anything: without this, whoever asks something meanwhile waits until all of it is done.
 */
export class EventTurns {
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** The same events, at a pace that leaves room for others. Ends as the source does; `return` takes effect at once. */
  paced<T>(source: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    const events: AsyncGenerator<T, void, undefined> = {
      next: async () => {
        const event = await source.next();
        if (event.done !== true) await this.#turn();
        return event;
      },
      return: () => source.return(),
      throw: (error) => source.throw(error),
      [Symbol.asyncIterator]: () => events,
    };
    return events;
  }

  #turn(): Promise<void> | undefined {
    if (this.#taken === 0) setImmediate(this.#next);
    this.#taken += 1;
    if (this.#taken <= PER_TURN) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #next = () => {
    const now = this.#waiting.splice(0, PER_TURN);
    this.#taken = now.length;
    if (now.length > 0) setImmediate(this.#next);
    for (const go of now) go();
  };
}
