import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { printedSchema } from '../../../src/graphql/print.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';

describe('the schema', () => {
  it('should be what schema.graphql says', async () => {
    expect(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8')).toBe(printedSchema());
  });

  it('should be built anew each time', () => {
    expect(buildSchema()).not.toBe(buildSchema());
  });
});
