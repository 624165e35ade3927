import { type DocumentNode, GraphQLError, getOperationAST } from 'graphql';
import type { Limits } from '../config/limits.ts';
import { type Documents, type ReadDocument, RefusedDocument } from '../graphql/documents.ts';
import { refusedWith } from '../graphql/refusal.ts';
import type { DocumentReference, TrustedDocuments } from '../graphql/trusted-documents.ts';
import type { Clients } from './clients.ts';

/** Of each operation, what LIMIT_RATE covers: only cost beyond it counts in LIMIT_COST_RATE, so that small operations are bounded by number alone. */
const INCLUDED_COST = 1000;

/** What a request over whatever transport carries; unchecked. */
export interface OperationRequest extends DocumentReference {
  readonly operationName?: unknown;
  readonly variables?: unknown;
}

/** An operation of a document that was read before, and what it costs. */
export interface KnownOperation {
  readonly read: ReadDocument;
  readonly cost: number;
}

export interface OperationGateOptions {
  readonly documents: Documents;
  readonly trusted: TrustedDocuments;
  readonly clients: Clients;
  readonly limits: Limits;
}

/** What every operation passes before it is executed, the same for HTTP, SSE and WebSocket. */
export class OperationGate {
  readonly #documents: Documents;
  readonly #trusted: TrustedDocuments;
  readonly #clients: Clients;
  readonly #limits: Limits;
  readonly #vouched = new WeakSet<DocumentNode>();

  constructor({ documents, trusted, clients, limits }: OperationGateOptions) {
    this.#documents = documents;
    this.#trusted = trusted;
    for (const text of trusted.texts()) this.#vouched.add(documents.pin(text).document);
    this.#clients = clients;
    this.#limits = limits;
  }

  /** What a request comes to whose document was read before, and then it is valid. Undefined for others, and where it is refused. Counts nothing. */
  known(request: OperationRequest): KnownOperation | undefined {
    try {
      const text = this.#trusted.textOf(request);
      const read = text === undefined ? undefined : this.#documents.known(text);
      return read === undefined ? undefined : { read, cost: this.#cost(read, request, this.#variables(request.variables)) };
    } catch (error) {
      if (error instanceof GraphQLError || error instanceof RefusedDocument) return undefined;
      throw error;
    }
  }

  /** What a registered document calls its operation; null for others, which anybody may have written. */
  nameOf(document: DocumentNode, operationName: string | null | undefined): string | null {
    return this.#vouched.has(document) ? (getOperationAST(document, operationName)?.name?.value ?? null) : null;
  }

  /** Lets a known query through once more, as `admit` does. Throws a GraphQLError (a limit). */
  admitKnown({ read, cost }: KnownOperation, key: string): void {
    this.#clients.takeOperation(key);
    // So that its document counts as one that is in use.
    this.#documents.known(read.text);
    this.#takeCost(key, cost);
  }

  /**
   * Lets an operation of the asker with this key through: returns its document, with what validation says against it. Undefined where the
   * request has neither text nor id, which the transport answers in its own words. Throws a GraphQLError (a limit, bad syntax, an id that is not
   * registered) or a RefusedDocument.
   */
  admit(request: OperationRequest, key: string): ReadDocument | undefined {
    this.#clients.takeOperation(key);
    const text = this.#trusted.textOf(request);
    if (text === undefined) return undefined;
    const variables = this.#variables(request.variables);
    if (this.#documents.known(text) === undefined) this.#takeDocument(key, text.length);
    const read = this.#read(text);
    if (read.errors.length > 0) return read;
    const cost = this.#cost(read, request, variables);
    if (getOperationAST(read.document, nameIn(request))?.operation === 'subscription') this.#clients.checkSubscription(key);
    this.#takeCost(key, cost);
    return read;
  }

  #cost(read: ReadDocument, request: OperationRequest, variables: Readonly<Record<string, unknown>>): number {
    return this.#documents.price(read, nameIn(request), variables);
  }

  #takeCost(key: string, cost: number): void {
    if (cost > INCLUDED_COST) this.#clients.takeCost(key, cost - INCLUDED_COST);
  }

  #takeDocument(key: string, characters: number): void {
    const max = this.#limits.LIMIT_DOCUMENT;
    if (characters > max) {
      const message = 'The document has more characters: split it, and pass long texts and lists as variables';
      throw refusedWith(400, { limit: 'LIMIT_DOCUMENT', max, message });
    }
    this.#clients.takeDocument(key, characters);
  }

  #read(text: string): ReadDocument {
    try {
      return this.#documents.read(text);
    } catch (error) {
      if (!(error instanceof GraphQLError) || error.originalError !== undefined) throw error;
      const { message, source, positions } = error;
      // As Yoga has it: 200 for clients that take nothing but application/json, 400 for others.
      const http = { spec: true, status: 400 };
      throw new GraphQLError(message, { source, positions, extensions: { code: 'GRAPHQL_PARSE_FAILED', http } });
    }
  }

  #variables(given: unknown): Readonly<Record<string, unknown>> {
    if (given === undefined || given === null) return {};
    const max = this.#limits.LIMIT_VARIABLES;
    if (!isWithin(given, max)) {
      throw refusedWith(400, { limit: 'LIMIT_VARIABLES', max, message: 'The variables have more characters: ask in several operations' });
    }
    // What is no object is refused by the transport.
    return isVariables(given) ? given : {};
  }
}

function nameIn({ operationName }: OperationRequest): string | null {
  return typeof operationName === 'string' ? operationName : null;
}

/** Without a schema library: it would copy what every operation carries. */
function isVariables(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value takes at most so many characters as JSON, give or take escapes. Stops where it does not. */
function isWithin(value: unknown, max: number): boolean {
  let left = max;
  const stack = [value];
  while (stack.length > 0) {
    const each = stack.pop();
    if (typeof each === 'string') left -= each.length + 3;
    else if (typeof each !== 'object' || each === null) left -= 5;
    else if (Array.isArray(each)) {
      left -= 2;
      if (each.length > left) return false;
      stack.push(...each);
    } else {
      for (const [name, inner] of Object.entries(each)) {
        left -= name.length + 4;
        stack.push(inner);
      }
      left -= 2;
    }
    if (left < 0) return false;
  }
  return true;
}
