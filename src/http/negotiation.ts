import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What Yoga leaves open between a request and the form of its answer. */
export function useNegotiation(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (requestParser === undefined || request.method !== 'GET') return;
      setRequestParser(async (given) => {
        try {
          return await requestParser(given);
        } catch (error) {
          // Of all that a GET carries, only these two are parsed at this point.
          if (!(error instanceof SyntaxError)) throw error;
          throw new GraphQLError(`variables and extensions of a GET are JSON, URL-encoded: ${error.message}`, {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
      });
    },
    async onResultProcess({ result, setResult, resultProcessor, setResultProcessor }) {
      if (Array.isArray(result)) setResult(await Promise.all(result.map(inOnePiece)));
      if (resultProcessor !== undefined) return;
      const isStream = isStreaming(result);
      if (isStream) await leave(result);
      const message = isStream
        ? 'A subscription is answered with an event stream: accept text/event-stream, or open a WebSocket.'
        : 'Answers are application/graphql-response+json, application/json, multipart/mixed or text/event-stream: accept one of them.';
      const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
      const headers = { 'Content-Type': 'application/json; charset=utf-8' };
      setResultProcessor((_result, { Response }) => new Response(body, { status: 406, headers }), 'application/json');
    },
  };
}

/** A subscription has begun by now. Nobody would ever read it, so it would stand until the gateway stops. */
async function leave(stream: AsyncIterable<unknown>): Promise<void> {
  await stream[Symbol.asyncIterator]().return?.();
}

/** Yoga would write a stream inside of a batch as an empty object. */
async function inOnePiece(result: object): Promise<object> {
  if (!isStreaming(result)) return result;
  await leave(result);
  const message = 'A batch is answered in one piece: send a subscription in a request of its own.';
  return { errors: [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })] };
}

function isStreaming(result: object): result is AsyncIterable<unknown> {
  return Symbol.asyncIterator in result;
}
