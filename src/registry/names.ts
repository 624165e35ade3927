/** Letters beyond ASCII have more than one spelling: é composed or not, ß or SS, three sigmas. */
const BEYOND_ASCII = /\P{ASCII}/u;

/**
 * A name as capabilities, services, nodes and types are matched: case does not count, nor space around it, and `-` and `_` are one. All
 * else does: `database.query` is another name than `database-query`.
 */
export function canonicalName(name: string): string {
  const trimmed = name.trim();
  return (BEYOND_ASCII.test(trimmed) ? folded(trimmed) : trimmed.toLowerCase()).replaceAll('_', '-');
}

/** Down and up and down again: only so do ẞ, ß and SS, or σ and ς, come out the same. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

const SERVICE = '-service';

/** Clients write a service's name with or without `-service`, and so do nodes: the canonical names that are one with this one. */
export function serviceSpellings(canonical: string): readonly string[] {
  const longer = [canonical, `${canonical}${SERVICE}`];
  const bare = canonical.endsWith(SERVICE) ? canonical.slice(0, -SERVICE.length) : '';
  return bare === '' ? longer : [...longer, bare];
}
