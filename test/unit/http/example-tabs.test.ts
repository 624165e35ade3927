import { getVariableValues, Kind, type OperationDefinitionNode, OperationTypeNode, parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { EXAMPLE_TABS } from '../../../src/http/example-tabs.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { operations } from '../graphql/operations.ts';

const schema = buildSchema();

const tabs = EXAMPLE_TABS.map(({ query, variables = '{}' }) => {
  const document = parse(query);
  const definitions = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return { document, definitions, variables: JSON.parse(variables) };
});

const all = tabs.flatMap(({ definitions, variables }) =>
  definitions.map((definition) => ({ name: definition.name?.value ?? '', definition, variables: variablesOf(definition, variables) })),
);

/** Of the tab's variables those that the operation takes. */
function variablesOf(definition: OperationDefinitionNode, variables: Record<string, unknown>): Record<string, unknown> {
  const names = (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  return Object.fromEntries(names.map((name) => [name, variables[name]]));
}

describe("GraphiQL's tabs", () => {
  it('should be named after what is done in them, each operation by a name of its own', () => {
    expect(tabs.map(({ definitions }) => definitions[0]?.name?.value)).toEqual(['Resolve', 'Explain', 'List', 'Watch', 'Ask']);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('should be what the schema takes, with every kind of operation and every root field', () => {
    expect(tabs.flatMap(({ document }) => validate(schema, document))).toEqual([]);
    const asked = all.flatMap(({ definition }) =>
      definition.selectionSet.selections.map((one) => `${definition.operation} ${one.kind === Kind.FIELD ? one.name.value : ''}`),
    );
    const offered = Object.values(OperationTypeNode).flatMap((operation) =>
      Object.keys(schema.getRootType(operation)?.getFields() ?? {}).map((field) => `${operation} ${field}`),
    );
    const missing = offered.filter((field) => !asked.includes(field));
    expect(missing, 'give each an operation in src/http/example-tabs.ts').toEqual([]);
  });

  it('should fit into an editor that is half of a laptop wide', () => {
    const long = EXAMPLE_TABS.flatMap(({ query }) => query.split('\n')).filter((line) => line.length > 57);
    expect(long).toEqual([]);
  });

  it.each(all)('should give $name its variables', ({ definition, variables }) => {
    for (const value of Object.values(variables)) expect(value).toBeDefined();
    expect(getVariableValues(schema, definition.variableDefinitions ?? [], variables).errors).toBeUndefined();
  });

  it.each(all.filter(({ definition }) => definition.operation !== OperationTypeNode.SUBSCRIPTION))(
    'should answer $name without an error',
    async ({ definition, variables }) => {
      const { registry, run } = operations();
      registry.put(sampleNode('database-adapter-001'));
      registry.put(sampleNode('ghost-1'));
      expect((await run(print(definition), variables)).errors).toEqual([]);
    },
  );
});
