import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { z } from 'zod';

/** off: none; allow: they may be asked for by name, and others by their text; only: no others. */
export type TrustedMode = 'off' | 'allow' | 'only';

/** Where a request says which document it means; unchecked. */
export interface DocumentReference {
  readonly query?: unknown;
  /** As the draft of GraphQL over HTTP has it: `sha256:<hex>`, the bare hash, or a name. */
  readonly documentId?: unknown;
  /** With `persistedQuery.sha256Hash`, as Apollo's clients have it. */
  readonly extensions?: unknown;
}

const hashInExtensions = z.object({ persistedQuery: z.object({ sha256Hash: z.string() }) });
const SHA256 = /^[0-9a-f]{64}$/;

/**
 * The documents that the gateway's operator vouches for, by SHA-256 and by name. They are listed when the gateway starts: what clients
 * register by themselves (Apollo's automatic registration) saves bytes, but trusts everybody, and lets anybody fill the memory.
 */
export class TrustedDocuments {
  readonly mode: TrustedMode;
  readonly #texts = new Map<string, string>();
  readonly #known: ReadonlySet<string>;

  /** `texts`: by SHA-256 or name; each can be asked for by its SHA-256 in any case. */
  constructor(mode: TrustedMode, texts: ReadonlyMap<string, string>) {
    this.mode = mode;
    this.#known = new Set(texts.values());
    for (const [id, text] of texts) {
      this.#texts.set(id, text);
      this.#texts.set(sha256(text), text);
    }
  }

  static none(): TrustedDocuments {
    return new TrustedDocuments('off', new Map());
  }

  texts(): Iterable<string> {
    return this.#known;
  }

  /**
   * The text that a request means; undefined where it has neither text nor id. Throws PERSISTED_QUERY_NOT_FOUND for an id that is not
   * listed and, where only listed documents are answered, for another text; PERSISTED_QUERY_NOT_SUPPORTED where none is listed; and
   * PERSISTED_QUERY_MISMATCH for a text that is not that of its id.
   */
  textOf({ query, documentId, extensions }: DocumentReference): string | undefined {
    const id = idOf(documentId, extensions);
    // An empty text stands for none: the protocol of WebSockets wants one where there is an id, too.
    if (typeof query === 'string' && query !== '') {
      if (id !== undefined) this.#match(id, query);
      if (this.mode !== 'only' || this.#known.has(query)) return query;
      throw unknown('This gateway answers registered documents only, and this one is not: ask its operator to list it');
    }
    if (id === undefined) return undefined;
    if (this.mode === 'off') {
      throw refused('PERSISTED_QUERY_NOT_SUPPORTED', 'This gateway has no registered documents: send the text of the operation');
    }
    const text = this.#texts.get(id);
    if (text === undefined)
      throw unknown(`No document is registered as ${id.slice(0, 100)}: send its text, or ask the operator to list it`);
    return text;
  }

  /** Whoever sends both may have one of them from somewhere else, and believes that it is the other that is answered. */
  #match(id: string, text: string): void {
    const listed = this.#texts.get(id);
    if (listed === text || (listed === undefined && !isSha256(id))) return;
    const hash = sha256(text);
    if (hash === id) return;
    throw refused(
      'PERSISTED_QUERY_MISMATCH',
      `The text is not that of the id which was sent with it: its SHA-256 is ${hash}. Send one of the two, or those that belong together`,
    );
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function isSha256(id: string): boolean {
  return SHA256.test(id);
}

function idOf(documentId: unknown, extensions: unknown): string | undefined {
  if (typeof documentId === 'string' && documentId !== '') return normal(documentId.replace(/^sha256:/i, ''));
  if (extensions === undefined || extensions === null) return undefined;
  const hash = hashInExtensions.safeParse(extensions).data?.persistedQuery.sha256Hash;
  return hash === undefined ? undefined : normal(hash);
}

function normal(id: string): string {
  const lower = id.toLowerCase();
  return isSha256(lower) ? lower : id;
}

function unknown(message: string): GraphQLError {
  return refused('PERSISTED_QUERY_NOT_FOUND', message);
}

function refused(code: string, message: string): GraphQLError {
  // As with documents that do not parse: 200 for clients that take nothing but application/json, 400 for others.
  return new GraphQLError(message, { extensions: { code, http: { spec: true, status: 400 } } });
}
