/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** Fisher–Yates from the front, in place: the first `count` are drawn without bias, which is all that is looked at. */
export function shuffle<T extends NonNullable<unknown>>(items: T[], random: Random, count = items.length): T[] {
  const drawn = Math.min(count, items.length - 1);
  for (let i = 0; i < drawn; i += 1) {
    const j = i + Math.floor(random() * (items.length - i));
    const [a, b] = [items[i], items[j]];
    if (a === undefined || b === undefined) continue;
    items[i] = b;
    items[j] = a;
  }
  return items;
}
