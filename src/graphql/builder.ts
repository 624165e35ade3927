import SchemaBuilder from '@pothos/core';
import type { Json } from '../events/json.ts';
import type { Cursor } from '../registry/cursor.ts';
import type { GraphqlContext } from './context.ts';

/** What the builder knows of scalars and context. */
export interface SchemaTypes {
  readonly Context: GraphqlContext;
  readonly DefaultFieldNullability: false;
  readonly Scalars: {
    readonly ID: { readonly Input: string; readonly Output: string };
    /** Milliseconds since 1970. */
    readonly DateTime: { readonly Input: number; readonly Output: number };
    readonly JSON: { readonly Input: Json; readonly Output: Json };
    readonly Long: { readonly Input: number; readonly Output: number };
    readonly Cursor: { readonly Input: Cursor; readonly Output: Cursor };
  };
}

export type Builder = ReturnType<typeof createBuilder>;

/** An empty schema. Each schema has a builder of its own, so that building twice works and nothing is kept in the module. */
export function createBuilder() {
  return new SchemaBuilder<SchemaTypes>({ defaultFieldNullability: false });
}
