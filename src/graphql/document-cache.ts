/** What is kept of one text. */
interface Kept<T> {
  readonly value: T;
  readonly characters: number;
}

/** Characters of all texts in one half. What is made of a text takes some hundred times its size. */
const HALF = 262_144;

/**
 * The values of the texts that are asked for again and again. A text that came once stands in the first half, where the next ones push
 * it out; one that came back moves to the second half, where only others that came back do. So nobody pushes out what is in use by
 * sending texts that he never sends again. Bounded by what it holds, not by how many.
 */
export class DocumentCache<T> {
  readonly #once = new Map<string, Kept<T>>();
  readonly #often = new Map<string, Kept<T>>();
  readonly #half: number;
  #onceCharacters = 0;
  #oftenCharacters = 0;

  /** `half`: characters of all texts in one half; a text longer than an eighth of it is not kept. */
  constructor(half = HALF) {
    this.#half = half;
  }

  get(text: string): T | undefined {
    const often = this.#often.get(text);
    if (often !== undefined) {
      // To the end of the Map's order: the first is the one that was not asked for the longest.
      this.#often.delete(text);
      this.#often.set(text, often);
      return often.value;
    }
    const once = this.#once.get(text);
    if (once === undefined) return undefined;
    this.#once.delete(text);
    this.#onceCharacters -= once.characters;
    this.#often.set(text, once);
    this.#oftenCharacters += once.characters;
    this.#oftenCharacters -= shrink(this.#often, this.#oftenCharacters - this.#half);
    return once.value;
  }

  set(text: string, value: T): void {
    const characters = text.length;
    if (characters > this.#half / 8 || this.#once.has(text) || this.#often.has(text)) return;
    this.#once.set(text, { value, characters });
    this.#onceCharacters += characters;
    this.#onceCharacters -= shrink(this.#once, this.#onceCharacters - this.#half);
  }
}

/** Drops the oldest until so many characters are gone, and returns how many that were. */
function shrink<T>(half: Map<string, Kept<T>>, excess: number): number {
  let dropped = 0;
  for (const [text, { characters }] of half) {
    if (dropped >= excess) break;
    half.delete(text);
    dropped += characters;
  }
  return dropped;
}
