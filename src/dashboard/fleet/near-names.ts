/** Pairs of letters that follow one another. */
function pairsOf(text: string): ReadonlySet<string> {
  const plain = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, plain.length - 1) }, (_, index) => plain.slice(index, index + 2)));
}

/** What shares less is another name. */
const LEAST = 0.35;

/** Names that share most pairs of letters with this one (Dice's measure), the nearest first. @param most how many */
export function nearNames(name: string, names: Iterable<string>, most: number): readonly string[] {
  const wanted = pairsOf(name);
  const measured: { readonly name: string; readonly nearness: number }[] = [];
  for (const one of names) {
    const pairs = pairsOf(one);
    const shared = [...wanted].filter((pair) => pairs.has(pair)).length;
    const nearness = (2 * shared) / Math.max(1, wanted.size + pairs.size);
    if (nearness >= LEAST) measured.push({ name: one, nearness });
  }
  measured.sort((a, b) => b.nearness - a.nearness || a.name.localeCompare(b.name));
  return measured.slice(0, most).map((one) => one.name);
}
