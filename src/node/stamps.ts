/**
 * Times of one node's messages, each later than the one before: the gateway orders a node's messages by them, and two announcements in
 * one millisecond must not tie. A clock that steps back is not followed until it has caught up.
 */
export class Stamps {
  readonly #now: () => number;
  #last = 0;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** ISO 8601 with microseconds, UTC. */
  next(): string {
    this.#last = Math.max(Math.floor(this.#now() * 1000), this.#last + 1);
    return isoMicroseconds(this.#last);
  }
}

/** `microseconds` since 1970 as ISO 8601 with six digits of fraction. */
export function isoMicroseconds(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}
