import { buildSchema as parseSchema, printSchema } from 'graphql';
import { expect, it } from 'vitest';
import { layOut, wrapDescriptions } from '../../../src/graphql/layout.ts';

const WORDS = 'There are so many words in this description that no line of an editor would show all of them at once';

const laidOut = (description: string) =>
  layOut(parseSchema(`"""${description}"""\ntype Query {\n  """${description}"""\n  a("""${description}""" b: Int): Int }`));

it('should set the errors and the example of a long description apart, wherever it stands', () => {
  const schema = laidOut(`${WORDS}. Errors: \`LIMIT_EXCEEDED\`. Example: \`a\`.`);
  const paragraphs = `${WORDS}.\n\nErrors: \`LIMIT_EXCEEDED\`.\n\nExample: \`a\`.`;
  const field = schema.getQueryType()?.getFields()['a'];
  expect([schema.getQueryType()?.description, field?.description, field?.args[0]?.description]).toEqual(Array(3).fill(paragraphs));
});

it('should leave a short description on its line', () => {
  expect(laidOut('Short. Example: `a`.').getQueryType()?.description).toBe('Short. Example: `a`.');
});

it('should wrap lines between words and never inside of code, and keep what the text says', () => {
  const code = '`{ a { code(that: "is longer than a line may be") { and, must { stay { together, all, the, same } } } } }`';
  const printed = printSchema(laidOut(`${WORDS}, and ${code} more. Example: ${code}.`));
  const wrapped = wrapDescriptions(printed);
  expect(wrapped.split(code)).toHaveLength(7);
  for (const line of wrapped.split('\n')) if (!line.includes(code)) expect(line.length).toBeLessThanOrEqual(100);
  const squeezed = (text: string) => text.replaceAll(/\s+/g, ' ');
  expect(squeezed(wrapped)).toBe(squeezed(printed));
  expect(squeezed(printSchema(parseSchema(wrapped)))).toBe(squeezed(printed));
});
