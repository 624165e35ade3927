import { coerce, parse, Range, SemVer, validRange } from 'semver';
import { GatewayError } from '../errors.ts';

/**
 * What counts as a version beside those of semver: up to four numbers, maybe behind a `v`, maybe with a prerelease or build. Not
 * `build-42`, nor a hash that happens to begin with a digit, in which `coerce` would find a version too.
 */
const SHORT_VERSION = /^\s*[v=]?\s*\d{1,16}(?:\.\d{1,16}){0,3}(?:[-+][0-9A-Za-z.+-]*)?\s*$/i;

/** The same for range and version: semver parses a version anew for every comparison with one of other options. */
const OPTIONS = { includePrerelease: true } as const;

/** How many texts are remembered: real fleets have some dozens. */
const REMEMBERED = 10_000;

/**
 * A semver range over what nodes announce as their versions. A short version counts as the one it abbreviates (`v1.2` is 1.2.0), and a
 * prerelease as what lies before its release: `>=1.2.0-rc.1` and `^1.1.0` have 1.2.0-rc.2, `>=1.2.0` has not.
 */
export class VersionRange {
  readonly #range: Range;
  readonly #known = new Map<string, boolean>();

  /** Throws BAD_USER_INPUT for a text that is no range. */
  constructor(text: string) {
    if (validRange(text) === null) {
      throw new GatewayError(
        'BAD_USER_INPUT',
        `versionRange "${text.slice(0, 100)}" is not a semver range: write one such as ">=1.2 <2" or "^1.0.0", or leave it out`,
        { argument: 'versionRange' },
      );
    }
    this.#range = new Range(text, OPTIONS);
  }

  /** As it was understood: `^1.4` is `>=1.4.0-0 <2.0.0-0`. */
  toString(): string {
    return this.#range.range === '' ? '*' : this.#range.range;
  }

  /** A node without a version, or with one that is none, is in no range. */
  contains(version: string | null): boolean {
    if (version === null) return false;
    let contained = this.#known.get(version);
    if (contained === undefined) {
      const exact = toSemVer(version);
      contained = exact !== null && this.#range.test(exact);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(version, contained);
    }
    return contained;
  }
}

/** null for a text that is no version. */
export function toSemVer(version: string): SemVer | null {
  const found = parse(version, { loose: true }) ?? (SHORT_VERSION.test(version) ? coerce(version.trim(), OPTIONS) : null);
  return found === null ? null : new SemVer(found.version, OPTIONS);
}
