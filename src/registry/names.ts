/** A name as capabilities, services and types are matched: case does not count, and `-` and `_` are one. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
