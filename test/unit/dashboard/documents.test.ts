import { readdir, readFile } from 'node:fs/promises';
import { createRequest, stringifyDocument } from '@urql/core';
import { parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { DASHBOARD_DOCUMENTS } from '../../../src/dashboard-documents.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';

const PAGE = new URL('../../../src/dashboard/', import.meta.url);

it.each(Object.entries(DASHBOARD_DOCUMENTS))('%s should be an operation of the schema, and sent word for word', (_name, text) => {
  expect(validate(buildSchema(), parse(text))).toEqual([]);
  // A gateway that answers registered documents only knows it by its text.
  expect(stringifyDocument(createRequest(text, {}).query)).toBe(text);
});

it('should be all that the page asks', async () => {
  const files = (await readdir(PAGE, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  const sources = await Promise.all(files.map(async (name) => ({ name, source: await readFile(new URL(name, PAGE), 'utf8') })));
  expect(sources.filter(({ source }) => /`\s*(query|mutation|subscription)\b/.test(source)).map(({ name }) => name)).toEqual([]);
  const used = sources.flatMap(({ source }) => /document: (?:documents\.)?([A-Z_]+),/.exec(source)?.[1] ?? []);
  expect(used.sort()).toEqual(Object.keys(DASHBOARD_DOCUMENTS).sort());
});
