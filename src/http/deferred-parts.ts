import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { hasDefer, withoutDefer } from '../graphql/defer.ts';
import { type ErrorMask, visible } from '../graphql/errors.ts';

/**
 * `@defer` over every transport. The executor itself answers in parts; this gives parts only to clients that can take them, and the others
 * one whole answer, masks the errors inside later parts (Yoga looks only at those of the first), and ends the work when the client goes.
 */
export function useDeferredParts(maskError: ErrorMask): Plugin {
  // Documents are parsed once and come again. null: has nothing to defer.
  const whole = new WeakMap<DocumentNode, DocumentNode | null>();

  function wholeOf(document: DocumentNode): DocumentNode | null {
    let known = whole.get(document);
    if (known === undefined) {
      known = hasDefer(document) ? withoutDefer(document) : null;
      whole.set(document, known);
    }
    return known;
  }

  // The answers of a batch go into one list, so that none of them can be in parts.
  const batches = new WeakSet<Request>();

  return {
    onRequestParse: ({ request }) => ({
      onRequestParseDone({ requestParserResult }) {
        if (Array.isArray(requestParserResult)) batches.add(request);
      },
    }),
    onExecute({ args, executeFn, setExecuteFn }) {
      const document = wholeOf(args.document);
      if (document === null) return undefined;
      const { request } = args.contextValue;
      if (batches.has(request) || !takesParts(request)) {
        setExecuteFn((given) => executeFn({ ...given, document }));
        return undefined;
      }
      const gone = new AbortController();
      setExecuteFn((given) => {
        const cancellable = { ...given, signal: gone.signal };
        return executeFn(cancellable);
      });
      return {
        onExecuteDone({ result, setResult }) {
          if (Symbol.asyncIterator in result) setResult(partsOf(result, gone, maskError));
        },
      };
    },
  };
}

/** A WebSocket has no request here, and takes several answers to one operation anyway. */
function takesParts(request: Request | undefined): boolean {
  if (request === undefined) return true;
  const accept = request.headers.get('accept')?.toLowerCase() ?? '';
  // Those who name one of them; whoever takes anything (`*/*`) expects one answer.
  return accept.includes('multipart/mixed') || accept.includes('text/event-stream');
}

function partsOf(
  source: AsyncIterable<ExecutionResult>,
  gone: AbortController,
  maskError: ErrorMask,
): AsyncIterableIterator<ExecutionResult> {
  const parts = source[Symbol.asyncIterator]();
  return {
    next: async () => {
      try {
        const { done, value } = await parts.next();
        return done === true ? { done, value: undefined } : { done: false, value: masked(value, maskError) };
      } catch (error) {
        // What was still being worked on has been stopped because nobody waits for it any more.
        if (gone.signal.aborted) return { done: true, value: undefined };
        throw error;
      }
    },
    // Called where the client goes or takes the operation back. Fields that would still be resolved are not begun any more.
    return: async () => {
      gone.abort();
      await parts.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What follows the first part: the executor's form of it, which graphql's own types do not know. */
interface LaterPart extends ExecutionResult {
  readonly incremental: readonly ExecutionResult[];
}

function masked(part: ExecutionResult, maskError: ErrorMask): ExecutionResult {
  if (!isLater(part)) return part;
  const incremental = part.incremental.map((entry) =>
    entry.errors === undefined ? entry : { ...entry, errors: entry.errors.map((error) => visible(maskError(error))) },
  );
  const told = { ...part, incremental };
  return told;
}

function isLater(part: ExecutionResult): part is LaterPart {
  return 'incremental' in part;
}
