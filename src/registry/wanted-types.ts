import { canonicalName } from './names.ts';

/** How many spellings are remembered: real fleets have some of them. */
const REMEMBERED = 1000;

/** The node types that a client will take, in whatever spelling nodes announce them. */
export class WantedTypes {
  /** As they are matched, with the spelling that was asked for. */
  readonly #asked: ReadonlyMap<string, string>;
  readonly #known = new Map<string, boolean>();

  constructor(asked: readonly string[]) {
    this.#asked = new Map(asked.map((type) => [canonicalName(type), type]));
  }

  /** Whether a node of this type will do. */
  include(type: string): boolean {
    let known = this.#known.get(type);
    if (known === undefined) {
      known = this.#asked.has(canonicalName(type));
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(type, known);
    }
    return known;
  }

  /** Each once, as it was asked for. */
  asked(): string[] {
    return [...this.#asked.values()];
  }

  /** Each once, as it is matched. */
  canonical(): string[] {
    return [...this.#asked.keys()];
  }
}
