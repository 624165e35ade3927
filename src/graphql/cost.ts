import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { DEFERRED, LEAF, OBJECT, PRICES } from './prices.ts';

/** The variables of one request, as they came. */
export type Variables = Readonly<Record<string, unknown>>;

/** An argument that says how long a page is. */
export interface PageArgument {
  readonly field: string;
  readonly argument: string;
  readonly size: (variables: Variables) => number | undefined;
}

/** What one operation costs: reckoned once for a document, so that a request only puts in its variables. */
export interface OperationCost {
  readonly of: (variables: Variables) => number;
  readonly pages: readonly PageArgument[];
  /** How often one response name is selected at one place, at most. Validation compares each of them with each other. */
  readonly repeats: number;
  /** Whether any of it may have to be read from Postgres. The rest is in memory, and so there at once. */
  readonly reads: boolean;
}

/** `fixed` and, for each list whose length a variable says, what is under it. */
interface Sum {
  readonly fixed: number;
  readonly varying: readonly { readonly times: number; readonly size: (variables: Variables) => number; readonly each: Sum }[];
}

/** One place in the answer, with what was selected there, by response name. */
interface Place {
  readonly selected: Map<string, { count: number; readonly place: Place }>;
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/**
 * Walks the operation with its fragments put in: call it when their number is known to be small. Fields that the schema does not have cost
 * nothing, since validation refuses them.
 */
export function costOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): OperationCost {
  const fragments: Fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  );
  const pages: PageArgument[] = [];
  let repeats = 0;
  let reads = false;

  function sumOf({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined, place: Place): Sum {
    let fixed = 0;
    const varying: Sum['varying'][number][] = [];
    for (const selection of selections) {
      let part: Sum;
      if (selection.kind === Kind.FIELD) {
        part = fieldCost(selection, type, place);
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (fragment === undefined) continue;
        const condition = fragment.typeCondition?.name.value;
        part = sumOf(fragment.selectionSet, condition === undefined ? type : schema.getType(condition), place);
        if (selection.directives?.some(isDefer)) fixed += DEFERRED;
      }
      fixed += part.fixed;
      varying.push(...part.varying);
    }
    return { fixed, varying };
  }

  function fieldCost(node: FieldNode, parent: GraphQLNamedType | undefined, place: Place): Sum {
    const name = node.alias?.value ?? node.name.value;
    const selected = place.selected.get(name) ?? { count: 0, place: { selected: new Map() } };
    place.selected.set(name, selected);
    selected.count += 1;
    repeats = Math.max(repeats, selected.count);

    const field = fieldOf(parent, node.name.value);
    const type = field === undefined ? undefined : getNamedType(field.type);
    const coordinate = `${parent?.name ?? ''}.${node.name.value}`;
    const { price = isLeafType(type) ? LEAF : OBJECT, size = 1, isRead = false } = PRICES[coordinate] ?? {};
    reads ||= isRead;
    const under = node.selectionSet === undefined ? undefined : sumOf(node.selectionSet, type, selected.place);
    if (field === undefined) return under ?? { fixed: 0, varying: [] };
    if (typeof size === 'number') return plus(price, times(size, under ?? { fixed: size === 1 ? 0 : LEAF, varying: [] }));

    const given = size.by.flatMap((argument) => {
      const value = node.arguments?.find((one) => one.name.value === argument)?.value;
      return value === undefined ? [] : [{ field: coordinate, argument, size: numberOf(value, operation) }];
    });
    pages.push(...given);
    const length = (variables: Variables) => {
      for (const page of given) {
        const asked = page.size(variables);
        if (asked !== undefined) return Math.min(Math.max(asked, 0), size.max);
      }
      return size.fallback;
    };
    const each = plus(LEAF, under ?? { fixed: 0, varying: [] });
    const varies = node.arguments?.some((one) => size.by.includes(one.name.value) && one.value.kind === Kind.VARIABLE) ?? false;
    return varies ? { fixed: price, varying: [{ times: 1, size: length, each }] } : plus(price, times(length({}), each));
  }

  function fieldOf(parent: GraphQLNamedType | undefined, name: string): GraphQLField<unknown, unknown> | undefined {
    if (parent === schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  }

  const sum = sumOf(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined, { selected: new Map() });
  return { of: (variables) => evaluate(sum, variables), pages, repeats, reads };
}

function evaluate({ fixed, varying }: Sum, variables: Variables): number {
  return varying.reduce((total, { times: factor, size, each }) => total + factor * size(variables) * evaluate(each, variables), fixed);
}

function plus(amount: number, { fixed, varying }: Sum): Sum {
  return { fixed: fixed + amount, varying };
}

function times(factor: number, { fixed, varying }: Sum): Sum {
  return { fixed: fixed * factor, varying: varying.map((one) => ({ ...one, times: one.times * factor })) };
}

/** What an argument comes to: a literal, a variable, or the default of one. Undefined where it is null or no number. */
function numberOf(value: ValueNode, operation: OperationDefinitionNode): (variables: Variables) => number | undefined {
  if (value.kind === Kind.INT) {
    const literal = Number(value.value);
    return () => literal;
  }
  if (value.kind !== Kind.VARIABLE) return () => undefined;
  const name = value.name.value;
  const defaultValue = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue;
  const fallback = defaultValue?.kind === Kind.INT ? Number(defaultValue.value) : undefined;
  return (variables) => {
    const given = Object.hasOwn(variables, name) ? variables[name] : fallback;
    return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
  };
}

function isDefer(directive: DirectiveNode): boolean {
  return directive.name.value === 'defer';
}
