import { GatewayError } from '../errors.ts';
import { hasControlCharacter } from '../events/node-id.ts';

/**
 * How much one argument may ask for. Everything that a client can make long has its bound here. A refusal names LIMIT_PAGE_SIZE, which may be
 * set lower for all pages, or TEXT_LENGTH or LIST_LENGTH, which are fixed.
 */
export const LIMITS = {
  /** Nodes on one page of `nodes`, and its default. */
  nodes: { max: 500, fallback: 50 },
  /** Entries of one read of the change log. */
  changes: { max: 1000, fallback: 100 },
  /** Changes of each node; with 500 nodes on a page that is 50,000 rows at most. */
  changesOfNode: { max: 100, fallback: 20 },
  capabilities: { max: 1000, fallback: 1000 },
  rejectedEvents: { max: 500, fallback: 50 },
  /** Whoever wants them all watches them: the subscription has the whole set. */
  healthyServices: { max: 500, fallback: 500 },
  /** Capabilities that one service must have, beside the first. */
  allOf: 10,
  /** A semver range, in characters: every version of the registry is held against each of its alternatives. */
  versionRange: 100,
  /** Nodes that explainDiscovery lists. */
  withheld: { max: 100, fallback: 20 },
  suggestions: { max: 20, fallback: 5 },
  /** Rejected events that explainDiscovery lists. */
  mentions: { max: 20, fallback: 5 },
  /** Names in one list of a filter. */
  names: 100,
  /** Ids in one list of a filter: a whole page of `nodes`. */
  ids: 500,
  /** Capability names are capped at 2,000 characters where they enter. */
  name: 2000,
  reason: 500,
} as const;

/** The count a client asked for. Throws BAD_USER_INPUT below `min` and LIMIT_EXCEEDED above `max`. */
export function boundedCount(argument: string, value: number, min: number, max: number): number {
  if (value < min) throw new GatewayError('BAD_USER_INPUT', `${argument} must be at least ${min}, not ${value}`, { argument });
  if (value > max) {
    throw new GatewayError('LIMIT_EXCEEDED', `${argument} may be at most ${max}, not ${value}: ask for fewer at a time`, {
      argument,
      max,
      limit: 'LIMIT_PAGE_SIZE',
    });
  }
  return value;
}

/** Throws LIMIT_EXCEEDED for a longer text. */
export function boundedText(argument: string, text: string | null | undefined, max: number = LIMITS.name): void {
  if (text !== null && text !== undefined && text.length > max) {
    throw new GatewayError('LIMIT_EXCEEDED', `${argument} may have at most ${max} characters, not ${text.length}`, {
      argument,
      max,
      limit: 'TEXT_LENGTH',
    });
  }
}

/** Throws LIMIT_EXCEEDED for a list that is longer, or has a longer text in it. */
export function boundedList(argument: string, list: readonly string[] | null | undefined, max: number = LIMITS.names): void {
  if (list === null || list === undefined) return;
  if (list.length > max) {
    throw new GatewayError('LIMIT_EXCEEDED', `${argument} may have at most ${max} entries, not ${list.length}`, {
      argument,
      max,
      limit: 'LIST_LENGTH',
    });
  }
  for (const text of list) boundedText(argument, text);
}

/** Throws BAD_USER_INPUT for a blank text, LIMIT_EXCEEDED for one that is too long. */
export function requiredText(argument: string, text: string): void {
  if (text.trim() === '') throw new GatewayError('BAD_USER_INPUT', `${argument} must not be empty`, { argument });
  boundedText(argument, text);
}

/** A text that goes to Kafka and Postgres: also refuses control characters and broken Unicode, which Postgres would refuse for ever. */
export function storableText(argument: string, text: string | null | undefined, max: number): void {
  boundedText(argument, text, max);
  if (text !== null && text !== undefined && (hasControlCharacter(text) || !text.isWellFormed())) {
    throw new GatewayError('BAD_USER_INPUT', `${argument} must not have control characters or broken Unicode`, { argument });
  }
}
