import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DOCUMENTS } from '../../src/client/documents.ts';
import { defaultLimits } from '../../src/config/limits.ts';
import { ConfigurationError } from '../../src/config.ts';
import { Documents } from '../../src/graphql/documents.ts';
import { buildSchema } from '../../src/graphql/schema.ts';
import { sha256 } from '../../src/graphql/trusted-documents.ts';
import { loadTrustedDocuments } from '../../src/trusted-file.ts';

const TEXT = '{ nodes { totalCount } }';
const documents = () => new Documents(buildSchema(), defaultLimits());

async function fileWith(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trusted-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'documents.json'), content);
  return join(folder, 'documents.json');
}

async function problemsOf(content: string): Promise<readonly string[]> {
  const file = await fileWith(content);
  const error = await loadTrustedDocuments({ mode: 'only', file }, [], documents()).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigurationError)) throw new Error('the file should have problems');
  return error.problems.map((problem) => problem.replace(file, 'FILE'));
}

it('should take documents by hash and by name', async () => {
  const file = await fileWith(JSON.stringify({ [sha256(TEXT)]: TEXT, who: '{ capabilities { name } }' }));
  const trusted = await loadTrustedDocuments({ mode: 'only', file }, [], documents());
  expect(trusted.textOf({ documentId: sha256(TEXT) })).toBe(TEXT);
  expect(trusted.textOf({ documentId: 'who' })).toBe('{ capabilities { name } }');
});

it('should say every problem of the documents in one message', async () => {
  const deep = `{ nodes { edges { node { ${'changes { node { '.repeat(8)} name ${'} } '.repeat(8)} } } } }`;
  const hash = 'a'.repeat(64);
  expect(await problemsOf(JSON.stringify({ syntax: '{ nope', field: '{ nope }', deep, [hash]: TEXT, fine: TEXT }))).toEqual([
    expect.stringMatching(/FILE: syntax: Syntax Error/),
    expect.stringMatching(/FILE: field: Cannot query field "nope"/),
    expect.stringMatching(/FILE: deep: .*LIMIT_DEPTH=16/),
    `PERSISTED_OPERATIONS_FILE FILE: ${hash}: the SHA-256 is ${sha256(TEXT)}`,
  ]);
});

it.each([
  ['no JSON', '{', /is no JSON/],
  ['a list', '[]', /must be one object/],
  ['a document that is no text', '{"a": 1}', /must be one object.*; a:/],
])('should say what the file is: %s', async (_what, content, message) => {
  expect(await problemsOf(content)).toEqual([expect.stringMatching(message)]);
});

it('should say that there is no such file', async () => {
  const loading = loadTrustedDocuments({ mode: 'allow', file: '/nowhere/documents.json' }, [], documents());
  await expect(loading).rejects.toThrow(/PERSISTED_OPERATIONS_FILE cannot be read: .*nowhere/);
});

it('should know what is built in, which the schema and the limits allow, and nothing where it is switched off', async () => {
  const builtIn = Object.values(DOCUMENTS);
  const trusted = await loadTrustedDocuments({ mode: 'only', file: null }, builtIn, documents());
  for (const text of builtIn) {
    expect(trusted.textOf({ query: text })).toBe(text);
    expect(documents().read(text).errors).toEqual([]);
  }
  expect([...(await loadTrustedDocuments({ mode: 'off', file: null }, builtIn, documents())).texts()]).toEqual([]);
});
