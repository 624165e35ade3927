import {
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  isInputObjectType,
} from 'graphql';
import type { AcceptedBreak } from './accepted-breaks.ts';

/** The printed schema of a commit. */
export interface SchemaVersion {
  /** The commit, as short as git writes it. */
  readonly commit: string;
  readonly schema: string;
}

/** What a comparison found. */
export interface Breaks {
  /** By what clients of earlier versions may fail, and the latest commit whose clients would: acknowledge it, or mend it. */
  readonly refused: readonly { readonly what: string; readonly commit: string }[];
  readonly accepted: readonly AcceptedBreak[];
  /** Acknowledged, but not (or no longer) there. */
  readonly stale: readonly AcceptedBreak[];
  /** What a careless client of the latest other version may stumble over: told, and not refused. */
  readonly dangers: readonly string[];
}

/**
 * Compares a schema with all earlier ones, the latest first: a client may have been written for any of them. Breaking is what graphql-js
 * calls so, and a changed default, by which the same query comes to mean something else. Its other dangers (a new enum value, a new
 * optional argument or input field, a new type of a union, a new interface) are how a schema grows, and what the contract allows.
 */
export function findBreaks(earlier: readonly SchemaVersion[], current: string, acknowledged: readonly AcceptedBreak[]): Breaks {
  const now = buildSchema(current);
  const found = new Map<string, string>();
  for (const { commit, schema } of earlier) {
    if (schema === current) continue;
    for (const what of breaksBetween(buildSchema(schema), now)) if (!found.has(what)) found.set(what, commit);
  }
  const known = new Set(acknowledged.map(({ what }) => what));
  const latest = earlier.find(({ schema }) => schema !== current);
  return {
    refused: [...found].filter(([what]) => !known.has(what)).map(([what, commit]) => ({ what, commit })),
    accepted: acknowledged.filter(({ what }) => found.has(what)),
    stale: acknowledged.filter(({ what }) => !found.has(what)),
    dangers: latest === undefined ? [] : dangersBetween(buildSchema(latest.schema), now),
  };
}

function breaksBetween(before: GraphQLSchema, now: GraphQLSchema): string[] {
  const defaults = findDangerousChanges(before, now).filter(({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE);
  return [
    ...[...findBreakingChanges(before, now), ...defaults].map(({ description }) => description),
    ...inputDefaultsBetween(before, now),
  ];
}

/** graphql-js compares the defaults of arguments, and not those of input fields. */
function inputDefaultsBetween(before: GraphQLSchema, now: GraphQLSchema): string[] {
  return Object.values(before.getTypeMap()).flatMap((type) => {
    const other = now.getType(type.name);
    if (!isInputObjectType(type) || !isInputObjectType(other)) return [];
    const fields = other.getFields();
    return Object.values(type.getFields()).flatMap(({ name, defaultValue }) => {
      const [was, is] = [printed(defaultValue), printed(fields[name]?.defaultValue)];
      return fields[name] === undefined || was === is ? [] : [`${type.name}.${name} has changed defaultValue from ${was} to ${is}.`];
    });
  });
}

function printed(defaultValue: unknown): string {
  return defaultValue === undefined ? 'none' : JSON.stringify(defaultValue);
}

function dangersBetween(before: GraphQLSchema, now: GraphQLSchema): string[] {
  return findDangerousChanges(before, now)
    .filter(({ type }) => type !== DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE)
    .map(({ description }) => description);
}
