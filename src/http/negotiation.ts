import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** What Yoga leaves open between a request and the form of its answer. */
export function useNegotiation(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser }) {
      if (requestParser === undefined) return;
      const explain = request.method === 'GET' ? explainParameters : explainBody;
      setRequestParser(async (given) => {
        try {
          return await requestParser(given);
        } catch (error) {
          throw explain(error);
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

/** Of all that a GET carries, only these two are parsed where this is asked. */
function explainParameters(error: unknown): unknown {
  return error instanceof SyntaxError ? badRequest(`variables and extensions of a GET are JSON, URL-encoded: ${error.message}`) : error;
}

/** Yoga says that a body is no JSON by sending its sender the error of the parser, with the body in it. */
function explainBody(error: unknown): unknown {
  if (!(error instanceof GraphQLError) || error.extensions['originalError'] === undefined) return error;
  return badRequest('The body is not JSON in UTF-8, such as {"query": "{ __typename }"}');
}

function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
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
