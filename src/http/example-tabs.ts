import { ASK } from './examples/ask.ts';
import { EXPLAIN } from './examples/explain.ts';
import { LIST } from './examples/list.ts';
import { RESOLVE } from './examples/resolve.ts';
import { WATCH } from './examples/watch.ts';

/** A tab of GraphiQL: named after its first operation, with the variables that its operations take. */
export interface ExampleTab {
  /** In short lines: the editor is half as wide as the window. */
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/**
 * What a developer finds in GraphiQL: one tab for each thing to do, in the order in which one learns it. All of it answers something on
 * the sample nodes of `npm start`. Tests validate and run every operation.
 */
export const EXAMPLE_TABS: readonly ExampleTab[] = [RESOLVE, EXPLAIN, LIST, WATCH, ASK];
