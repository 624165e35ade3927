import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { accessProblem } from '../graphql/access.ts';
import type { Asker } from '../graphql/asker.ts';
import type { CompiledQueries, CompiledQuery } from '../graphql/compiled-queries.ts';
import { createContext } from '../graphql/context.ts';
import type { Variables } from '../graphql/cost.ts';
import { DocumentCache } from '../graphql/document-cache.ts';
import type { ReadDocument } from '../graphql/documents.ts';
import type { Registry } from '../registry/registry.ts';
import { ANSWER_HEADERS } from './answers.ts';
import type { KnownOperation, OperationGate } from './operation-gate.ts';
import type { OperationObserver } from './operation-observer.ts';
import type { StatusCounts } from './status-counts.ts';

/** What an operation comes to at the gate: the same whenever it is asked, so that an operation is counted once. */
export type Admission = () => ReadDocument | undefined;

/** A request that may be answered without Yoga. */
export interface DirectRequest {
  readonly asker: Asker;
  /** The `Accept` header. */
  readonly accept: string | undefined;
  /** The `x-operator` header. */
  readonly operator: unknown;
  /** The `traceparent` header. */
  readonly traceparent: string | null;
  readonly body: Buffer;
}

export interface DirectAnswerOptions {
  readonly gate: OperationGate;
  readonly compiled: CompiledQueries;
  readonly registry: Registry;
  /** Whether the server is going, and keeps no connection any more. */
  readonly isClosing: () => boolean;
  readonly observer: OperationObserver;
  readonly statuses: Pick<StatusCounts, 'add'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A longer body is read once only, by Yoga: what is asked again and again is short. Bytes. */
const LONGEST = 16_384;

const JSON_ANSWER = 'application/json; charset=utf-8';
const GRAPHQL_ANSWER = 'application/graphql-response+json; charset=utf-8';

/** What Yoga answers to the usual ways of accepting JSON; whoever accepts in other words is answered by Yoga. */
const ANSWERS: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, JSON_ANSWER],
  ['*/*', JSON_ANSWER],
  ['application/json', JSON_ANSWER],
  ['application/json, text/plain, */*', JSON_ANSWER],
  ['application/graphql-response+json', GRAPHQL_ANSWER],
  ['application/graphql-response+json, application/json', GRAPHQL_ANSWER],
  ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_ANSWER],
  ['application/graphql-response+json,application/json;q=0.9', GRAPHQL_ANSWER],
]);

/** The common headers of an answer, name after name: Node takes a list as it is, and walks through an object. */
const HEADERS = Object.entries(ANSWER_HEADERS).flat();

const shape = z.strictObject({
  query: z.string().optional(),
  documentId: z.string().optional(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

/** What a body comes to: the same whoever sends it, and when. */
interface Prepared {
  readonly known: KnownOperation;
  readonly run: CompiledQuery;
  readonly variables: Variables;
  /** As the observer is told it. */
  readonly name: string | null;
}

/**
 * Answers queries that are known, compiled and from memory, which is nearly all that an orchestrator asks, in a fraction of the time that they
 * take through Yoga. Returns true where it did. Everything else goes to Yoga, errors above all: so there is one place that tells of them. What
 * it returns then is the admission of the operation, where that was asked for already; Yoga has to take it from there.
 */
export function createDirectAnswer({ gate, compiled, registry, isClosing, observer, statuses, now }: DirectAnswerOptions) {
  // Whoever asks again sends the same bytes: they are parsed once. What is kept of them says nothing of who asked.
  const bodies = new DocumentCache<Prepared>();

  function prepare(text: string): Prepared | undefined {
    const request = parse(text);
    const known = request === undefined ? undefined : gate.known(request);
    if (request === undefined || known === undefined) return undefined;
    const run = compiled.of(known.read, request.operationName ?? null);
    if (run === undefined) return undefined;
    const name = gate.nameOf(known.read.document, request.operationName);
    const prepared = { known, run, variables: request.variables ?? {}, name };
    bodies.set(text, prepared);
    return prepared;
  }

  return ({ asker, accept, operator, traceparent, body }: DirectRequest, response: ServerResponse): true | Admission | undefined => {
    const startedAt = performance.now();
    const contentType = ANSWERS.get(accept);
    if (contentType === undefined || body.length > LONGEST) return undefined;
    const asked = body.toString();
    const prepared = bodies.get(asked) ?? prepare(asked);
    if (prepared === undefined || accessProblem(asker, 'query', now()) !== null) return undefined;
    const { known, run, variables, name } = prepared;
    try {
      gate.admitKnown(known, asker.key);
    } catch (error) {
      // Whoever asks for the admission tells the client.
      return () => {
        throw error;
      };
    }
    const text = run(createContext(registry, asker, operator), variables);
    if (text === null) return () => known.read;
    const bytes = Buffer.byteLength(text);
    const headers = [...HEADERS, 'Content-Type', contentType, 'Content-Length', bytes];
    if (isClosing()) headers.push('Connection', 'close');
    response.writeHead(200, headers);
    // Characters that are a byte each in UTF-8 are the same one in Latin-1, which is written without a look at any of them.
    response.end(text, bytes === text.length ? 'latin1' : 'utf8');
    statuses.add(200);
    observer.answered({ kind: 'query', outcome: 'ok', startedAt, traceparent, name });
    return true;
  };
}

function parse(text: string): z.output<typeof shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
