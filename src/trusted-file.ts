import { readFile } from 'node:fs/promises';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import type { TrustedDocumentsConfig } from './config/trusted-documents.ts';
import { ConfigurationError } from './config.ts';
import { messageOf } from './errors.ts';
import { type Documents, RefusedDocument } from './graphql/documents.ts';
import { isSha256, sha256, TrustedDocuments } from './graphql/trusted-documents.ts';

const fileShape = z.record(z.string().min(1).max(200), z.string().min(1));

/**
 * The documents of the file, and those that are built in: clients of this package work on every gateway. Throws ConfigurationError with
 * every problem of the file: unreadable, no JSON, a hash that is not its document's, a document that the schema or the limits refuse.
 */
export async function loadTrustedDocuments(
  { mode, file }: TrustedDocumentsConfig,
  builtIn: Iterable<string>,
  documents: Documents,
): Promise<TrustedDocuments> {
  if (mode === 'off') return TrustedDocuments.none();
  const texts = new Map(Array.from(builtIn, (text) => [sha256(text), text]));
  if (file !== null) {
    const listed = parsed(file, await contentOf(file));
    const problems = Object.entries(listed).flatMap(([id, text]) => problemsOf(id, text, documents));
    if (problems.length > 0) throw new ConfigurationError(problems.map((problem) => `PERSISTED_OPERATIONS_FILE ${file}: ${problem}`));
    for (const [id, text] of Object.entries(listed)) texts.set(id, text);
  }
  return new TrustedDocuments(mode, texts);
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError([`PERSISTED_OPERATIONS_FILE cannot be read: ${messageOf(error)}`]);
  }
}

function parsed(file: string, content: string): Readonly<Record<string, string>> {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new ConfigurationError([`PERSISTED_OPERATIONS_FILE ${file} is no JSON: ${messageOf(error)}`]);
  }
  const shaped = fileShape.safeParse(json);
  if (shaped.success) return shaped.data;
  const wrong = 'must be one object, {"<SHA-256 of the document, or a name>": "<document>"}';
  throw new ConfigurationError(
    shaped.error.issues.map(({ path, message }) => `PERSISTED_OPERATIONS_FILE ${file} ${wrong}; ${path.join('.')}: ${message}`),
  );
}

function problemsOf(id: string, text: string, documents: Documents): readonly string[] {
  const wrongHash = isSha256(id.toLowerCase()) && id.toLowerCase() !== sha256(text) ? [`${id}: the SHA-256 is ${sha256(text)}`] : [];
  try {
    return [...wrongHash, ...documents.read(text).errors.map(({ message }) => `${id}: ${message}`)];
  } catch (error) {
    if (error instanceof RefusedDocument) return [...wrongHash, ...error.errors.map(({ message }) => `${id}: ${message}`)];
    if (error instanceof GraphQLError) return [...wrongHash, `${id}: ${error.message}`];
    throw error;
  }
}
