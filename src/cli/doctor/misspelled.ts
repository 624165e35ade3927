import { nearness } from '../../registry/edit-distance.ts';
import { type Finding, findingsOf } from './finding.ts';

/** Letters that may be wrong. */
const NEAR = 2;
/** Shorter names are near to each other by chance. */
const SHORTEST = 8;

/** Variables that are set, that nobody reads, and that look like one that is read. */
export function misspelled(present: NodeJS.ProcessEnv, known: readonly string[]): Finding[] {
  const { warning } = findingsOf('configuration');
  const names = new Set(known);
  const free = known.filter((one) => one.length >= SHORTEST && present[one] === undefined);
  return Object.keys(present).flatMap((name) => {
    if (names.has(name) || name.length < SHORTEST || !/^[A-Z][A-Z0-9_]*$/.test(name)) return [];
    const distance = nearness(name, NEAR, { left: 1_000_000 });
    const meant = free.find((one) => distance(one) !== null);
    return meant === undefined ? [] : [warning(`${name} is set, and the gateway reads no such variable`, `did you mean ${meant}?`)];
  });
}
