import { isDeepStrictEqual } from 'node:util';

/**
 * How an answer differs in form from the one that the README shows; undefined where it is alike: the same keys, the same types, and in
 * texts that are names (enum values, error codes, node ids) the same names. Every entry of a list is like one that is shown. What may be
 * null may be so in one and not in the other.
 */
export function difference(shown: unknown, seen: unknown, path = 'answer'): string | undefined {
  if (shown === null || seen === null) return undefined;
  if (Array.isArray(shown)) return Array.isArray(seen) ? listDifference(shown, seen, path) : `${path} is no list`;
  if (typeof shown === 'object') {
    if (typeof seen !== 'object' || Array.isArray(seen)) return `${path} is no object`;
    const [want, have] = [Object.entries(shown), new Map<string, unknown>(Object.entries(seen))];
    const keys = want.map(([key]) => key);
    if (!isDeepStrictEqual(keys.toSorted(), [...have.keys()].toSorted())) {
      return `${path} has ${[...have.keys()].join(', ')} instead of ${keys.join(', ')}`;
    }
    return firstOf(want, ([key, value]) => difference(value, have.get(key), `${path}.${key}`));
  }
  if (typeof shown !== typeof seen) return `${path} is ${JSON.stringify(seen)} instead of ${JSON.stringify(shown)}`;
  const isName = typeof shown === 'string' && (/^[A-Z]+(_[A-Z]+)*$/.test(shown) || /^[a-z]+(-[a-z]+)*-\d{3}$/.test(shown));
  return isName && shown !== seen ? `${path} is ${JSON.stringify(seen)} instead of ${JSON.stringify(shown)}` : undefined;
}

function listDifference(shown: readonly unknown[], seen: readonly unknown[], path: string): string | undefined {
  if (shown.length === 0 || seen.length === 0) return shown.length === seen.length ? undefined : `${path} has ${seen.length} entries`;
  return firstOf([...seen.entries()], ([index, entry]) => {
    const differences = shown.map((one) => difference(one, entry, `${path}[${index}]`));
    return differences.includes(undefined) ? undefined : differences[0];
  });
}

function firstOf<T>(items: readonly T[], differenceOf: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = differenceOf(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The JSON documents of a text: the whole of it, or one for each line that is one. */
export function jsonOf(text: string): unknown[] {
  const whole = parsed(text);
  if (whole !== undefined) return [whole];
  return text
    .split('\n')
    .map(parsed)
    .filter((document) => document !== undefined);
}

/** What arrived in the events of a stream. */
export function eventsOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}

function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
