import type { DiscoveryQuery } from '../registry/registry.ts';
import type { Builder } from './builder.ts';
import { boundedList, boundedText, LIMITS, requiredText } from './limits.ts';

/** The arguments by which healthyServices, its live form and explainDiscovery say what is looked for. */
export function defineDiscoveryArguments(builder: Builder) {
  return builder.args((t) => ({
    capability: t.string({
      required: true,
      description: 'What the service must be able to do, or its name. Example: `"database-adapter"`.',
    }),
    types: t.stringList({ description: 'Only nodes of any of these types; with `[]` there are none. Example: `["effect"]`.' }),
    versionRange: t.string({
      description:
        'Only versions in this semver range; blank counts as left out. `v1.2` and `1.2` count as 1.2.0; a prerelease comes before its release, so `^1.1.0` and `>=1.2.0-rc.1` have 1.2.0-rc.2 and `>=1.2.0` has not; a node without a version, or with one that is none, is in no range. Example: `"^1.4.0"`.',
    }),
    allOf: t.stringList({
      description: `More that the same service must be able to do, each matched like \`capability\`: all of them, at most ${LIMITS.allOf}. Example: \`["transactions", "postgres"]\`.`,
    }),
  }));
}

/** Throws BAD_USER_INPUT and LIMIT_EXCEEDED. */
export function checkDiscovery({ capability, types, versionRange, allOf }: DiscoveryQuery): DiscoveryQuery {
  requiredText('capability', capability);
  boundedList('types', types);
  boundedText('versionRange', versionRange, LIMITS.versionRange);
  boundedList('allOf', allOf, LIMITS.allOf);
  for (const name of allOf ?? []) requiredText('allOf', name);
  return { capability, types, versionRange, allOf };
}
