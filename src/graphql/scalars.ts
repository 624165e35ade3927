import { GraphQLError, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { GatewayError } from '../errors.ts';
import { isJsonObject, type Json } from '../events/json.ts';
import { type Cursor, parseCursor, printCursor } from '../registry/cursor.ts';
import type { Builder } from './builder.ts';

export function defineScalars(builder: Builder): void {
  builder.scalarType('DateTime', {
    description: 'A moment in ISO 8601, in UTC, with milliseconds. Example: `"2026-11-24T13:29:00.000Z"`.',
    serialize: (milliseconds) => new Date(milliseconds).toISOString(),
    parseValue: readDateTime,
  });
  builder.scalarType('JSON', {
    description: 'Any JSON value, as it was announced. Example: `{"supported_operations": {"query": true}, "batch_size": 100}`.',
    serialize: (value) => value,
    parseValue: readJson,
    parseLiteral: (node, variables) => readJson(valueFromASTUntyped(node, variables)),
  });
  builder.scalarType('Long', {
    description: 'A whole number up to 2^53 - 1, where Int (2^31 - 1) is too narrow. Example: `1764000000000`.',
    serialize: (value) => value,
    parseValue: readLong,
    // Literals arrive as text, which the default would hand on as text.
    parseLiteral: (node) => readLong(node.kind === Kind.INT ? Number(node.value) : undefined, node),
  });
  builder.scalarType('Cursor', {
    description:
      'An opaque, strictly increasing position in the change log; the same on every gateway. Keep it, and resume from it with `after`. Example: `"0000000000004711"`.',
    serialize: printCursor,
    parseValue: readCursor,
    parseLiteral: (node) => readCursor(node.kind === Kind.STRING ? node.value : undefined, node),
  });
}

function readDateTime(value: unknown): number {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw badInput('A DateTime is a text in ISO 8601, such as "2026-11-24T13:29:00.000Z"');
  return milliseconds;
}

function readLong(value: unknown, node?: ValueNode): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw badInput('A Long is a whole number up to 2^53 - 1', node);
  return value;
}

function readJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(readJson);
  if (isJsonObject(value)) return value;
  throw badInput('not a JSON value');
}

const NOT_A_CURSOR = 'Not a cursor of this change log. Pass one that the gateway gave out, or leave `after` out';

function readCursor(value: unknown, node?: ValueNode): Cursor {
  const cursor = typeof value === 'string' ? parseCursor(value) : undefined;
  if (cursor !== undefined) return cursor;
  // In a document the validator takes a GraphQLError as it is. For a variable the executor sets a code of its own on those, but keeps
  // any other error as the cause, which the error mask finds.
  if (node === undefined) throw new GatewayError('CURSOR_INVALID', NOT_A_CURSOR);
  throw new GraphQLError(NOT_A_CURSOR, { nodes: node, extensions: { code: 'CURSOR_INVALID' } });
}

function badInput(message: string, node?: ValueNode): GraphQLError {
  return new GraphQLError(message, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } });
}
