/** Characters of all texts. Some thousand instances, each in the selections of some dozen clients. */
const MOST = 8_388_608;

/**
 * The JSON of single records, kept as long as the record: whatever changes in the registry makes a new one. All are dropped together when
 * they have become too many, which for a fleet of 10,000 with a heartbeat every 30 s is every few minutes.
 */
export class Pieces {
  readonly #most: number;
  #left: number;
  #generation = {};

  /** `most`: characters of all texts. */
  constructor(most = MOST) {
    this.#most = most;
    this.#left = most;
  }

  /** The texts of one query. `make`: the text of a record, by the record alone; null: it has none. */
  of(make: (record: object) => string | null): (record: object) => string | null {
    let generation = this.#generation;
    let texts = new WeakMap<object, string>();
    return (record) => {
      if (generation !== this.#generation) {
        generation = this.#generation;
        texts = new WeakMap();
      }
      const known = texts.get(record);
      if (known !== undefined) return known;
      const text = make(record);
      if (text === null) return null;
      this.#left -= text.length;
      if (this.#left < 0) {
        this.#left = this.#most;
        this.#generation = {};
      } else texts.set(record, text);
      return text;
    };
  }
}
