import type { Consumer } from 'kafkajs';
import type { Backend } from '../errors.ts';
import type { Meaning } from '../events/event-kind.ts';

/** Which back end keeps messages of a kind from being worked off now; null: none. */
export type Blocker = (meaning: Meaning) => Backend | null;

interface Gate {
  by: Backend | null;
  hold: AbortController;
}

/**
 * Pauses the topics whose work needs a back end that is away, and resumes them when it is back. kafkajs waits for every batch of a fetch
 * before it fetches again: a batch that waited for Consul would hold up the heartbeats, which need Postgres alone. So a batch of a paused
 * topic is handed back, and comes again after the pause; nothing of it is kept in memory meanwhile. The fetches go on for the other
 * topics, or are empty, and with them the heartbeats of the group.
 */
export class Pauses {
  readonly #meanings: ReadonlyMap<string, Meaning>;
  readonly #blocker: Blocker;
  readonly #onChange: (meaning: Meaning, by: Backend | null) => void;
  readonly #gates = new Map<Meaning, Gate>();
  readonly #paused = new Set<string>();

  /** `meanings`: of every topic that is consumed. `onChange`: a kind of messages waits for a back end, or (null) goes on. */
  constructor(meanings: ReadonlyMap<string, Meaning>, blocker: Blocker, onChange: (meaning: Meaning, by: Backend | null) => void) {
    this.#meanings = meanings;
    this.#blocker = blocker;
    this.#onChange = onChange;
  }

  /** The back ends that some messages wait for. */
  waitsFor(): readonly Backend[] {
    return [...new Set([...this.#gates.values()].flatMap(({ by }) => by ?? []))];
  }

  isPaused(topic: string): boolean {
    return this.#gateOf(topic)?.by != null;
  }

  /** Aborts when messages of the topic have to wait. */
  holdOf(topic: string): AbortSignal {
    return this.#gateOf(topic)?.hold.signal ?? new AbortController().signal;
  }

  /** Looks at the back ends again. Cheap: asked several times a second, and before every batch. */
  look(): void {
    for (const meaning of new Set(this.#meanings.values())) {
      const gate = this.#gates.get(meaning) ?? { by: null, hold: new AbortController() };
      this.#gates.set(meaning, gate);
      const before = gate.by;
      gate.by = this.#blocker(meaning);
      if ((gate.by === null) === (before === null)) continue;
      if (gate.by === null) gate.hold = new AbortController();
      else gate.hold.abort();
      this.#onChange(meaning, gate.by);
    }
  }

  /** Makes a consumer that runs do what the last look found; it keeps its pauses through rebalances. Throws when it does not run. */
  apply(consumer: Pick<Consumer, 'pause' | 'resume'>, topics: readonly string[]): void {
    for (const topic of topics) {
      const isWanted = this.isPaused(topic);
      if (isWanted === this.#paused.has(topic)) continue;
      if (isWanted) {
        consumer.pause([{ topic }]);
        this.#paused.add(topic);
      } else {
        consumer.resume([{ topic }]);
        this.#paused.delete(topic);
      }
    }
  }

  /** A new consumer fetches from every topic. */
  forget(): void {
    this.#paused.clear();
  }

  #gateOf(topic: string): Gate | undefined {
    const meaning = this.#meanings.get(topic);
    return meaning === undefined ? undefined : this.#gates.get(meaning);
  }
}
