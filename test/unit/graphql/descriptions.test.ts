import { buildSchema as parseSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { namedErrors, problemsOf } from './descriptions.ts';
import { operations } from './operations.ts';
import { wrongArguments } from './wrong-arguments.ts';

/** A schema without problems; each case puts its own in place of `old`. */
const WHOLE = `
  "Leaves this out. Example: \`{ thing { name @without(what: SMALL) } }\`."
  directive @without(
    "What. Example: \`SMALL\`."
    what: Kind
  ) on FIELD
  "A thing that is. Example: \`{ thing { name } }\`."
  type Query {
    "One thing; null when there is none. Errors: \`BAD_USER_INPUT\`. Example: \`thing(size: 2, kind: SMALL) { name }\`."
    thing(
      "How large, in metres. Example: \`2\`."
      size: Int
      "Which kind. Example: \`SMALL\`."
      kind: Kind
      "Which ones. Example: \`{names: [\\"a\\"]}\`."
      filter: Filter
    ): Thing
  }
  "A thing. Example: \`{name: \\"a\\", kind: SMALL, parts: [{name: null}]}\`."
  type Thing {
    "Its name; null when it has none. Example: \`\\"a\\"\`."
    name: String
    "Its kind. Example: \`SMALL\`."
    kind: Kind!
    "What it is made of. Example: \`parts { name }\`."
    parts: [Thing!]!
    "The name in another language. Example: \`translated(to: \\"de\\")\`."
    translated(
      "The language. Example: \`\\"de\\"\`."
      to: String!
    ): String
  }
  "How large it is. Example: \`SMALL\`."
  enum Kind {
    "Under a metre. Example: a mouse."
    SMALL
  }
  "Which things. Example: \`{names: [\\"a\\"]}\`."
  input Filter {
    "Any of these. Example: \`[\\"a\\", \\"b\\"]\`."
    names: [String!]
  }`;

function problemsWith(old: string, instead: string): string[] {
  expect(WHOLE).toContain(old);
  return problemsOf(parseSchema(WHOLE.replace(old, instead)));
}

describe('the descriptions of the schema', () => {
  it('should be a manual whose examples work', () => {
    expect(problemsOf(buildSchema())).toEqual([]);
  });

  it.each(wrongArguments(buildSchema()))('should name the code that $field answers to $what', async ({ query, description }) => {
    const { run } = operations();
    const { errors } = await run(query);
    const codes = errors.map((error) => error.extensions['code']);
    expect(namedErrors(description), `${codes} of ${query}`).toEqual(expect.arrayContaining(codes));
  });
});

describe('the check of descriptions', () => {
  it('should find nothing in a schema that is whole', () => {
    expect(problemsOf(parseSchema(WHOLE))).toEqual([]);
  });

  it.each([
    ['a missing description', '"Under a metre. Example: a mouse."', '', 'Kind.SMALL has no description'],
    ['a missing example', ' Example: a mouse.', '', 'Kind.SMALL has no example'],
    ['an example alone', 'Under a metre. ', '', 'Kind.SMALL has no whole sentence before its example'],
    ['a missing full stop', 'a mouse.', 'a mouse', 'Kind.SMALL does not end with a full stop'],
    ['two examples', 'a mouse.', 'a mouse. Example: a rat.', 'Kind.SMALL has more than one "Example:"'],
    ['a field whose example is prose', '`parts { name }`', 'wheels', 'Thing.parts has no code between backticks'],
    ['a document that asks for what is not there', '{ thing { name } }', '{ thing { nope } }', 'Cannot query field "nope"'],
    ['a directive that is not used as it is', '@without(what:', '@without(who:', 'Unknown argument "who"'],
    ['a literal that a directive does not take', 'What. Example: `SMALL`', 'What. Example: `LARGE`', '@without(what) the example'],
    ['a document of another kind', '{ thing { name } }', 'mutation { thing }', 'must be one query'],
    ['a root field with an unknown argument', 'thing(size: 2', 'thing(length: 2', 'Unknown argument "length"'],
    ['a root field that is not itself', 'thing(size: 2, kind: SMALL) { name }', '__typename', 'does not select thing'],
    ['a selection that does not parse', 'parts { name }', 'parts { name', 'cannot be selected on Thing'],
    ['a selection of what is not there', 'parts { name }', 'parts { nope }', 'Cannot query field "nope"'],
    ['a missing required argument', 'translated(to: \\"de\\")', 'translated', 'argument "to" of type "String!" is required'],
    ['a literal of another type', '`2`', '`\\"2\\"`', 'Query.thing(size)'],
    ['an argument that is no value of the enum', 'Which kind. Example: `SMALL`', 'Which kind. Example: `LARGE`', 'Query.thing(kind)'],
    ['an input with an unknown field', 'Which things. Example: `{names', 'Which things. Example: `{words', 'Filter the example'],
    [
      'a value of another type',
      'has none. Example: `\\"a\\"`',
      'has none. Example: `3`',
      'Thing.name the example `3` is no value of String',
    ],
    ['null where there is none', 'Its kind. Example: `SMALL`', 'Its kind. Example: `null`', 'Kind! is never null'],
    ['a value with an unknown field', '`{name: \\"a\\", kind', '`{title: \\"a\\", kind', 'Thing has no field title'],
    ['a value that is elided', '[{name: null}]', '[…]', 'Thing the example'],
    ['a root field that says nothing of errors', ' Errors: `BAD_USER_INPUT`.', '', 'Query.thing is a root field'],
    ['a code that is none', '`BAD_USER_INPUT`', '`BAD_LUCK`', 'names the error BAD_LUCK'],
    ['a deprecation without a reason', 'kind: Kind!', 'kind: Kind! @deprecated', 'Thing.kind is deprecated without a reason'],
    [
      'a deprecation with half a reason',
      'names: [String!]',
      'names: [String!] @deprecated(reason: "old")',
      'Filter.names is deprecated without',
    ],
  ])('should find %s', (_what, old, instead, problem) => {
    const problems = problemsWith(old, instead);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('should take a deprecation that says what to use instead', () => {
    expect(problemsWith('kind: Kind!', 'kind: Kind! @deprecated(reason: "Ask for `parts`, which tells it better.")')).toEqual([]);
  });
});
