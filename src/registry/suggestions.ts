import type { RequestedName } from './discovery-request.ts';
import { type Budget, nearness } from './edit-distance.ts';
import type { NameDirectory, NameKind } from './name-directory.ts';
import type { RegistryView } from './view.ts';

/** A name that exists, near one that does not. */
export interface Suggestion {
  /** The name that was asked for. */
  readonly asked: string;
  /** The near one, as a node spells it. */
  readonly name: string;
  readonly kinds: readonly NameKind[];
  /** REGISTERED nodes that have it. */
  readonly nodes: number;
}

/** What all suggestions of one answer may cost together: a few milliseconds. 10,000 names that are unlike cost a third of it. */
export const SUGGESTION_BUDGET = 1_000_000;
/** A longer name is no slip of the pen, and costs too much to compare. */
const LONGEST = 100;
/** A shorter one is near to, or a part of, too many names. */
const SHORTEST = 3;
/** How many are kept for each name. */
export const SUGGESTIONS_MAX = 20;

interface Near {
  readonly canonical: string;
  readonly distance: number;
  readonly kinds: NameKind[];
}

/**
 * The names of REGISTERED nodes that are nearest to the one asked for, the nearest first. `kinds`: which names count, and in which order
 * they are looked at until the budget is spent.
 */
export function suggest(view: RegistryView, { asked, canonical }: RequestedName, kinds: readonly NameKind[], budget: Budget): Suggestion[] {
  if (canonical.length < SHORTEST || canonical.length > LONGEST) return [];
  const near = [...nearNames(view.registered, canonical, kinds, budget)].sort(byDistance).slice(0, SUGGESTIONS_MAX);
  return near.flatMap(({ canonical: name, kinds: found }) => {
    const [kind] = found;
    if (kind === undefined) return [];
    const ids = new Set(found.flatMap((one) => [...view.registered.named(one, name)]));
    const [first] = ids;
    const node = first === undefined ? undefined : view.at(first);
    return { asked, name: (node && view.registered.spelling(kind, node, name)) ?? name, kinds: found, nodes: ids.size };
  });
}

function nearNames(names: NameDirectory, wanted: string, kinds: readonly NameKind[], budget: Budget): Iterable<Near> {
  const max = mostEdits(wanted);
  const distanceTo = nearness(wanted, max, budget);
  const found = new Map<string, Near>();
  for (const kind of kinds) {
    for (const name of names.names(kind)) {
      if (budget.left < 0) return found.values();
      const known = found.get(name);
      if (known !== undefined) {
        known.kinds.push(kind);
        continue;
      }
      const distance = distanceTo(name) ?? (isPart(wanted, name) ? max + 1 : null);
      if (distance !== null) found.set(name, { canonical: name, distance, kinds: [kind] });
    }
  }
  return found.values();
}

/** The longer the name, the more slips it may have. */
function mostEdits({ length }: string): number {
  if (length < 5) return 1;
  return length < 9 ? 2 : 3;
}

/** `adapter` is meant as `database-adapter` more often than not. */
function isPart(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= SHORTEST && (a.length < b.length ? b.includes(a) : a.includes(b));
}

/** Of two parts the one of the shorter name: `adapter` lies nearer to `adapter-2` than to `adapter-of-yesterday`. */
function byDistance(a: Near, b: Near): number {
  return a.distance - b.distance || a.canonical.length - b.canonical.length || (a.canonical < b.canonical ? -1 : 1);
}
