import { type DirectiveNode, type DocumentNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from 'graphql';

/** How far an operation or a fragment reaches when fragments are put in where they are spread. */
export interface Extent {
  readonly isOperation: boolean;
  /** Levels of fields. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  /** Spreads, of named and of inline fragments; infinitely many where one spreads itself. */
  readonly fragments: number;
  readonly rootFields: number;
}

type Part = Omit<Extent, 'rootFields' | 'isOperation'>;

const NOTHING: Part = { depth: 0, fields: 0, aliases: 0, fragments: 0 };
const ENDLESS: Part = { ...NOTHING, fragments: Number.POSITIVE_INFINITY };

/**
 * The extents of a document's operations and fragments, in time linear in its text: what a fragment holds is counted once, however often it is spread,
 * so that fragments which spread one another twice (2^n fields in n lines) are seen for what they are without walking them.
 */
export function extentsOf(document: DocumentNode): readonly Extent[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<string, Part>();
  const rootFields = new Map<string, number>();

  function partOf({ selections }: SelectionSetNode): Part {
    let { depth, fields, aliases, fragments: spreads } = NOTHING;
    for (const selection of selections) {
      let part = NOTHING;
      if (selection.kind === Kind.FIELD) {
        if (selection.selectionSet !== undefined) part = partOf(selection.selectionSet);
        fields += 1;
        if (selection.alias !== undefined) aliases += 1;
        depth = Math.max(depth, 1 + part.depth);
      } else {
        part = selection.kind === Kind.INLINE_FRAGMENT ? partOf(selection.selectionSet) : ofFragment(selection.name.value);
        spreads += 1;
        depth = Math.max(depth, part.depth);
      }
      fields += part.fields;
      aliases += part.aliases;
      spreads += part.fragments;
    }
    return { depth, fields, aliases, fragments: spreads };
  }

  function ofFragment(name: string): Part {
    const standing = known.get(name);
    if (standing !== undefined) return standing;
    const fragment = fragments.get(name);
    if (fragment === undefined) return NOTHING;
    // Whoever comes back to it before it is counted has gone round in a circle.
    known.set(name, ENDLESS);
    const part = partOf(fragment.selectionSet);
    known.set(name, part);
    return part;
  }

  function rootFieldsOf({ selections }: SelectionSetNode): number {
    let count = 0;
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) count += 1;
      else if (selection.kind === Kind.INLINE_FRAGMENT) count += rootFieldsOf(selection.selectionSet);
      else {
        const name = selection.name.value;
        const fragment = fragments.get(name);
        let inside = rootFields.get(name);
        if (inside === undefined && fragment !== undefined) {
          rootFields.set(name, 0);
          inside = rootFieldsOf(fragment.selectionSet);
          rootFields.set(name, inside);
        }
        count += inside ?? 0;
      }
    }
    return count;
  }

  return document.definitions.flatMap((definition): Extent[] => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return [{ ...ofFragment(definition.name.value), rootFields: 0, isOperation: false }];
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    return [{ ...partOf(definition.selectionSet), rootFields: rootFieldsOf(definition.selectionSet), isOperation: true }];
  });
}

/** Directives in the text of a document, wherever they stand. */
export function directivesOf(document: DocumentNode): number {
  let count = 0;
  const add = (node: { readonly directives?: readonly DirectiveNode[] }) => {
    count += node.directives?.length ?? 0;
  };
  const within = (set: SelectionSetNode | undefined) => {
    for (const selection of set?.selections ?? []) {
      add(selection);
      if (selection.kind !== Kind.FRAGMENT_SPREAD) within(selection.selectionSet);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    add(definition);
    for (const variable of definition.variableDefinitions ?? []) add(variable);
    within(definition.selectionSet);
  }
  return count;
}
