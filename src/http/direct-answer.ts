import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { accessProblem } from '../graphql/access.ts';
import type { Asker } from '../graphql/asker.ts';
import type { CompiledQueries } from '../graphql/compiled-queries.ts';
import { createContext } from '../graphql/context.ts';
import type { ReadDocument } from '../graphql/documents.ts';
import type { Registry } from '../registry/registry.ts';
import { ANSWER_HEADERS } from './answers.ts';
import type { OperationGate } from './operation-gate.ts';

/** What an operation comes to at the gate: the same whenever it is asked, so that an operation is counted once. */
export type Admission = () => ReadDocument | undefined;

/** A request that may be answered without Yoga. */
export interface DirectRequest {
  readonly asker: Asker;
  /** The `Accept` header. */
  readonly accept: string | undefined;
  /** The `x-operator` header. */
  readonly operator: unknown;
  readonly body: Buffer;
}

export interface DirectAnswerOptions {
  readonly gate: OperationGate;
  readonly compiled: CompiledQueries;
  readonly registry: Registry;
  /** Whether the server is going, and keeps no connection any more. */
  readonly isClosing: () => boolean;
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

const shape = z.strictObject({
  query: z.string().optional(),
  documentId: z.string().optional(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Answers queries that are known, compiled and from memory, which is nearly all that an orchestrator asks, in a third of the time that they
 * take through Yoga. Returns true where it did. Everything else goes to Yoga, errors above all: so there is one place that tells of them. What
 * it returns then is the admission of the operation, where that was asked for already; Yoga has to take it from there.
 */
export function createDirectAnswer({ gate, compiled, registry, isClosing, now }: DirectAnswerOptions) {
  return ({ asker, accept, operator, body }: DirectRequest, response: ServerResponse): true | Admission | undefined => {
    const contentType = ANSWERS.get(accept);
    if (contentType === undefined || body.length > LONGEST) return undefined;
    const request = parse(body);
    if (request === undefined) return undefined;
    const known = gate.known(request);
    if (known === undefined) return undefined;
    const { operationName = null, variables } = request;
    const run = compiled.of(known, operationName);
    if (run === undefined || accessProblem(asker, 'query', now()) !== null) return undefined;
    const admission = once(() => gate.admit(request, asker.key));
    if (!isAdmitted(admission)) return admission;
    const text = run(createContext(registry, asker, operator), variables ?? {});
    if (text === null) return admission;
    response.writeHead(200, {
      ...ANSWER_HEADERS,
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(text),
      ...(isClosing() ? { Connection: 'close' } : {}),
    });
    response.end(text);
    return true;
  };
}

function parse(body: Buffer): z.output<typeof shape> | undefined {
  try {
    return shape.safeParse(JSON.parse(String(body))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAdmitted(admission: Admission): boolean {
  try {
    return admission() !== undefined;
  } catch {
    // Asked once more, it says so again, to whom tells the client.
    return false;
  }
}

/** Calls it at most once; throws again what that threw. */
function once<T>(call: () => T): () => T {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    if (outcome === undefined) {
      try {
        outcome = { value: call() };
      } catch (error) {
        outcome = { error };
      }
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
}
