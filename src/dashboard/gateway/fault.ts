import type { CombinedError } from '@urql/core';
import * as z from 'zod/mini';

const closed = z.object({ code: z.number(), reason: z.string() });
const extensions = z.object({ code: z.string() });

/** Close codes of the gateway's sockets that mean something to the page: docs/access.md has the table. */
const CODE_OF_CLOSE: ReadonlyMap<number, string> = new Map([
  [4401, 'UNAUTHENTICATED'],
  [4403, 'FORBIDDEN'],
]);

/** Why the gateway did not answer as it should: a code of the schema's errors, or `UNREACHABLE` where nothing came back. */
export class Fault extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
  }

  /** Whether another token would help. */
  get wantsToken(): boolean {
    return this.code === 'UNAUTHENTICATED' || this.code === 'FORBIDDEN';
  }
}

/** What urql and graphql-ws say of a failure, in the words of the schema. */
export function faultOf(error: CombinedError): Fault {
  const [first] = error.graphQLErrors;
  if (first !== undefined) return told(first);
  const close = closed.safeParse(error.networkError);
  if (close.success) {
    const { code, reason } = close.data;
    return new Fault(CODE_OF_CLOSE.get(code) ?? 'UNREACHABLE', reason || `The connection was closed with ${code}.`, { cause: error });
  }
  return new Fault('UNREACHABLE', 'The gateway does not answer.', { cause: error });
}

/** Of an answer whose errors belong to single fields. */
export function faultsByPath(error: CombinedError | undefined): ReadonlyMap<string, Fault> {
  return new Map((error?.graphQLErrors ?? []).map((one) => [(one.path ?? []).join('.'), told(one)]));
}

function told(error: CombinedError['graphQLErrors'][number]): Fault {
  const parsed = extensions.safeParse(error.extensions);
  return new Fault(parsed.success ? parsed.data.code : 'INTERNAL', error.message, { cause: error });
}
