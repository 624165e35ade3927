import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_BREAKS } from '../../../src/graphql/accepted-breaks.ts';
import { judgeBreaks } from '../../../src/graphql/check.ts';
import { printedSchema } from '../../../src/graphql/print.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { schemaVersions } from '../../../src/graphql/schema-versions.ts';

describe('the schema', () => {
  it('should be what schema.graphql says', async () => {
    expect(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8')).toBe(printedSchema());
  });

  it('should break no client that was written for an earlier version', async () => {
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const { lines } = judgeBreaks(await schemaVersions(root, 'schema.graphql'), printedSchema(), ACCEPTED_BREAKS);
    const broken = lines.filter((line) => /^(BREAKING|STALE)/.test(line));
    expect(broken, 'keep what clients use, or acknowledge it in src/graphql/accepted-breaks.ts').toEqual([]);
  });

  it('should be built anew each time', () => {
    expect(buildSchema()).not.toBe(buildSchema());
  });
});
