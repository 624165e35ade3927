import { type FieldNode, parse, validate, visit } from 'graphql';
import { expect, it } from 'vitest';
import { DOCUMENTS } from '../../../src/client/index.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';

it.each(Object.entries(DOCUMENTS))('%s should be an operation of the schema, under its own name', (name, text) => {
  const document = parse(text);
  expect(validate(buildSchema(), document)).toEqual([]);
  expect(document.definitions.map((definition) => 'name' in definition && definition.name?.value)).toEqual([name]);
});

it('should ask for nothing that needs Postgres', () => {
  const asked = new Set<string>();
  for (const text of Object.values(DOCUMENTS)) visit(parse(text), { Field: ({ name }: FieldNode) => void asked.add(name.value) });
  expect([...asked]).not.toContain('changes');
  expect([...asked]).not.toContain('rejectedEvents');
});
