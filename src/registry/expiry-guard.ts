/** At most this part of the registry expires in one pass. */
const LARGEST_PART = 0.15;

/**
 * When a large part of the fleet would expire at once, the gateway's own view is the first suspect. So a pass lets at most 15 % of the
 * registry expire, but always at least one node: it never freezes for good.
 */
export class ExpiryGuard {
  #allowed = 0;
  #held = 0;
  #holding = 0;

  /** A new pass over a registry of this many registered nodes. */
  startPass(registered: number): void {
    this.#allowed = Math.max(1, Math.floor(registered * LARGEST_PART));
    this.#holding = this.#held;
    this.#held = 0;
  }

  /** No pass is made here any more: nothing is held back. */
  rest(): void {
    this.#allowed = 0;
    this.#held = 0;
    this.#holding = 0;
  }

  /** How many of these may expire now; the rest is held back for later passes. */
  take(wanted: number): number {
    const taken = Math.min(wanted, this.#allowed);
    this.#allowed -= taken;
    this.#held += wanted - taken;
    return taken;
  }

  /** Nodes held back in this pass or the last: above zero is worth a loud word. */
  heldBack(): number {
    return Math.max(this.#held, this.#holding);
  }
}
