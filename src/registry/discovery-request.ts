import { canonicalName } from './names.ts';
import type { DiscoveryQuery } from './registry.ts';
import { VersionRange } from './version-range.ts';
import { WantedTypes } from './wanted-types.ts';

/** A name as a client wrote it, and as it is matched. */
export interface RequestedName {
  readonly asked: string;
  readonly canonical: string;
}

/** What a client looks for, understood once: a live subscription asks it again and again. */
export interface DiscoveryRequest {
  /** `capability` first, then those of `allOf` that are another name: a node must answer to each. */
  readonly names: readonly [RequestedName, ...RequestedName[]];
  /** null where all will do. */
  readonly types: WantedTypes | null;
  readonly range: VersionRange | null;
}

/** Throws BAD_USER_INPUT for a version range that is none. */
export function readRequest({ capability, allOf, types, versionRange }: DiscoveryQuery): DiscoveryRequest {
  const first = requested(capability);
  const others = new Map<string, RequestedName>();
  for (const name of (allOf ?? []).map(requested)) if (name.canonical !== first.canonical) others.set(name.canonical, name);
  return {
    names: [first, ...others.values()],
    types: types == null ? null : new WantedTypes(types),
    // A form that nobody filled in sends a blank text.
    range: versionRange == null || versionRange.trim() === '' ? null : new VersionRange(versionRange),
  };
}

function requested(name: string): RequestedName {
  return { asked: name, canonical: canonicalName(name) };
}
