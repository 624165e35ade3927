/** Letters beyond ASCII have more than one spelling: é composed or not, ß or SS, three sigmas. */
const BEYOND_ASCII = /\P{ASCII}/u;
/** Space, underscores and dashes: what tells `database-adapter`, `database_adapter` and `DatabaseAdapter` apart. */
const SEPARATORS = /[\s_-]+/g;
/** Dashes of every kind, where there may be others. */
const ALL_SEPARATORS = /[\s_\p{Pd}]+/gu;
const BETWEEN_DIGITS = /\d[\s_\p{Pd}]+\d/u;

/**
 * A name as capabilities, services, nodes and types are matched: neither case nor separators count, so that every convention of writing the
 * same words is one name. Only between two digits a separator does, as `-`: `v1-1` is not `v11`. All else counts: `database.query` is
 * another name than `database-query`.
 */
export function canonicalName(name: string): string {
  // Joined before it is folded: whether a sigma is the last letter depends on what follows it.
  return BEYOND_ASCII.test(name) ? folded(joined(name, ALL_SEPARATORS)) : joined(name.toLowerCase(), SEPARATORS);
}

function joined(name: string, separators: RegExp): string {
  const text = BETWEEN_DIGITS.test(name)
    ? name.replace(separators, (run, at: number) => (isDigit(name[at - 1]) && isDigit(name[at + run.length]) ? '-' : ''))
    : name.replace(separators, '');
  // Nothing but separators is a name, too, and not that of everybody.
  return text === '' && name.trim() !== '' ? '-' : text;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

/** Down and up and down again: only so do ẞ, ß and SS, or σ and ς, come out the same. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

const SERVICE = 'service';

/** Clients write a service's name with or without `-service`, and so do nodes: the canonical names that are one with this one. */
export function serviceSpellings(canonical: string): readonly string[] {
  const longer = [canonical, `${canonical}${SERVICE}`];
  const bare = canonical.endsWith(SERVICE) ? canonical.slice(0, -SERVICE.length) : '';
  return bare === '' ? longer : [...longer, bare];
}
