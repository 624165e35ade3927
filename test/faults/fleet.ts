import type { Draw } from './draw.ts';
import { compareSayings, type Saying } from './saying.ts';

export const FLEET = 40;
/** How many of them have no endpoint, and so no check. */
const UNCHECKED = 4;
/** How many of them have a clock three hours ahead, and how many one day behind. */
const AHEAD = 2;
const BEHIND = 2;

interface Node {
  readonly id: string;
  readonly clockSkew: number;
  readonly countsEpochs: boolean;
  readonly endpoints: Readonly<Record<string, string>> | null;
  readonly said: Saying[];
  epoch: number;
  time: number;
  /** The last word, kept over periodic announcements. */
  word: string;
  instance: string | null;
  /** An operator removed it: only a startup brings it back. */
  removed: Saying | null;
}

/** The nodes of the fault runs, and what they said: whoever knows all of it knows what must be registered. */
export class Fleet {
  readonly #nodes: readonly Node[];
  #words = 0;

  /** `healthUrl` gives the address under which a node answers for its health. */
  constructor(healthUrl: (nodeId: string) => string) {
    this.#nodes = Array.from({ length: FLEET }, (_, index): Node => {
      const id = `node-${String(index).padStart(2, '0')}`;
      const skewed = index - UNCHECKED;
      return {
        id,
        clockSkew: skewed >= 0 && skewed < AHEAD ? 3 * 3_600_000 : skewed >= AHEAD && skewed < AHEAD + BEHIND ? -86_400_000 : 0,
        countsEpochs: index % 3 === 0,
        endpoints: index < UNCHECKED ? null : { health: healthUrl(id), api: healthUrl(id) },
        said: [],
        epoch: 1,
        time: 0,
        word: '',
        instance: null,
        removed: null,
      };
    });
  }

  /** Every node starts up. */
  startAll(now: number): Saying[] {
    return this.#nodes.map((node) => this.#startUp(node, now));
  }

  /**
   * Some node says something new: most change what they can do, some repeat themselves, some leave, those that left start again. One that
   * an operator removed says nothing but startups until `settled`: in which order anything else meets the operator's rule is Kafka's choice.
   */
  speak(draw: Draw, now: number): Saying {
    const node = draw.pick(this.#nodes);
    if (node.removed !== null || this.#latest(node)?.word === null) return this.#startUp(node, now);
    if (draw.chance(30)) return this.#say(node, { reason: 'periodic', word: node.word, now });
    if (draw.chance(15)) {
      // Real startup and shutdown messages have shared a time.
      return this.#say(node, { reason: 'shutdown', word: null, now: draw.chance(30) ? null : now });
    }
    if (draw.chance(15)) node.instance = draw.chance(50) ? null : `i${draw.integer(1, 9)}`;
    return this.#say(node, { reason: 'capability_change', word: this.#newWord(node), now });
  }

  /** Something that a node said before, once more. */
  repeat(draw: Draw): Saying | null {
    const { said } = draw.pick(this.#nodes);
    return said.length === 0 ? null : draw.pick(said);
  }

  /** Some node that is registered, by its id; null when there is none. */
  somebody(draw: Draw, checked = false): string | null {
    const candidates = this.#nodes.filter((node) => this.#winner(node)?.word != null && (!checked || node.endpoints !== null));
    return candidates.length === 0 ? null : draw.pick(candidates).id;
  }

  anyId(draw: Draw): string {
    return draw.pick(this.#nodes).id;
  }

  /** An operator removed it while all was at rest. */
  removedByOperator(nodeId: string): void {
    const node = this.#nodes.find(({ id }) => id === nodeId);
    if (node !== undefined) node.removed = this.#latest(node) ?? null;
  }

  /** All that was said has been heard: who came back after an operator's removal is a node like any other. */
  settled(): void {
    for (const node of this.#nodes) if (this.#winner(node) !== undefined) node.removed = null;
  }

  /** What must be registered once all that was said has been heard: the last word of each node, by node id. */
  expected(): ReadonlyMap<string, Saying> {
    const expected = new Map<string, Saying>();
    for (const node of this.#nodes) {
      const winner = this.#winner(node);
      if (winner !== undefined && winner.word !== null) expected.set(node.id, winner);
    }
    return expected;
  }

  #winner(node: Node): Saying | undefined {
    const latest = this.#latest(node);
    const isBack = node.removed === null || (latest !== undefined && compareSayings(latest, node.removed) > 0);
    return isBack ? latest : undefined;
  }

  #latest(node: Node): Saying | undefined {
    return node.said.reduce<Saying | undefined>(
      (last, next) => (last === undefined || compareSayings(next, last) > 0 ? next : last),
      undefined,
    );
  }

  #startUp(node: Node, now: number): Saying {
    if (node.said.length > 0) node.epoch += 1;
    return this.#say(node, { reason: 'startup', word: this.#newWord(node), now });
  }

  #newWord(node: Node): string {
    this.#words += 1;
    node.word = `word-${this.#words}`;
    return node.word;
  }

  /** `now` null: at the very time of what it said last. */
  #say(node: Node, { reason, word, now }: { reason: string; word: string | null; now: number | null }): Saying {
    if (now !== null) node.time = Math.max(node.time + 1, now + node.clockSkew);
    const { id: nodeId, instance, endpoints, time } = node;
    const saying: Saying = {
      nodeId,
      epoch: node.countsEpochs ? node.epoch : null,
      time,
      reason,
      word,
      instance: word === null ? null : instance,
      endpoints: word === null ? null : endpoints,
    };
    node.said.push(saying);
    return saying;
  }
}
