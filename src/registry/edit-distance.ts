/** Work that may be done, counted in cells of the table of {@link nearness}: some 100 million a second. */
export interface Budget {
  left: number;
}

/** What looking at a text costs before its table is begun. */
const LOOK = 10;

/**
 * A measure from one text: how many letters must be inserted, deleted, replaced, or swapped with their neighbour to make another one of
 * it. More than `max` is null, and so is whatever the budget does not allow. Only the band of the table that can stay within `max` is
 * computed, and only between what both texts begin and end with.
 */
export function nearness(text: string, max: number, budget: Budget): (other: string) => number | null {
  const width = text.length + max + 1;
  // Three rows, used again and again: there are 10,000 names to compare.
  const rows = [new Uint8Array(width), new Uint8Array(width), new Uint8Array(width)];
  const hasTooMany = strangeLetters(text, max);
  return (other) => {
    budget.left -= LOOK;
    if (budget.left < 0 || Math.abs(text.length - other.length) > max) return null;
    if (text === other) return 0;
    if (hasTooMany(other)) return null;
    const start = commonStart(text, other);
    const end = commonEnd(text, other, start);
    return distance(text.slice(start, text.length - end), other.slice(start, other.length - end), max, budget, rows);
  };
}

/** Letters are told apart by this many of their bits: enough for ASCII, and others only make the test let more through. */
const LETTERS = 128;

/**
 * Whether a text has more than `max` letters that the first one has not, or not so often: each takes an edit. Most names of a registry are
 * told from the one asked for by this, in a fifth of the time that the table takes.
 */
function strangeLetters(text: string, max: number): (other: string) => boolean {
  const has = new Int16Array(LETTERS);
  for (let i = 0; i < text.length; i += 1) has[text.charCodeAt(i) % LETTERS] = (has[text.charCodeAt(i) % LETTERS] ?? 0) + 1;
  const left = new Int16Array(LETTERS);
  return (other) => {
    left.set(has);
    let strange = 0;
    for (let i = 0; i < other.length; i += 1) {
      const letter = other.charCodeAt(i) % LETTERS;
      const before = left[letter] ?? 0;
      left[letter] = before - 1;
      if (before <= 0) strange += 1;
      if (strange > max) return true;
    }
    return false;
  };
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}

function commonEnd(a: string, b: string, start: number): number {
  let length = 0;
  const most = Math.min(a.length, b.length) - start;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length += 1;
  return length;
}

function distance(a: string, b: string, max: number, budget: Budget, rows: readonly Uint8Array[]): number | null {
  const beyond = max + 1;
  let [beforeLast, last, row] = rows;
  if (beforeLast === undefined || last === undefined || row === undefined) return null;
  for (let j = 0; j <= b.length; j += 1) last[j] = Math.min(j, beyond);
  for (let i = 1; i <= a.length; i += 1) {
    const from = Math.max(1, i - max);
    const to = Math.min(b.length, i + max);
    budget.left -= to - from + 1;
    if (budget.left < 0) return null;
    // What lies beside the band is out of reach; these two cells of it are looked at.
    row[from - 1] = from === 1 ? Math.min(i, beyond) : beyond;
    if (to < b.length) row[to + 1] = beyond;
    let least = row[from - 1] ?? beyond;
    const letter = a.charCodeAt(i - 1);
    const before = i > 1 ? a.charCodeAt(i - 2) : -1;
    for (let j = from; j <= to; j += 1) {
      const other = b.charCodeAt(j - 1);
      let cost = (last[j - 1] ?? beyond) + (letter === other ? 0 : 1);
      cost = Math.min(cost, (last[j] ?? beyond) + 1, (row[j - 1] ?? beyond) + 1);
      if (j > 1 && before === other && letter === b.charCodeAt(j - 2)) cost = Math.min(cost, (beforeLast[j - 2] ?? beyond) + 1);
      row[j] = Math.min(cost, beyond);
      if (cost < least) least = cost;
    }
    if (least > max) return null;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  const found = last[b.length] ?? beyond;
  return found > max ? null : found;
}
