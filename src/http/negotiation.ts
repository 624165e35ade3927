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
    async onResultProcess({ result, resultProcessor, setResultProcessor }) {
      if (resultProcessor !== undefined) return;
      // A subscription has begun by now. Nobody would ever read it, so it would stand until the gateway stops.
      const isStream = Symbol.asyncIterator in result;
      if (isStream) await result[Symbol.asyncIterator]().return?.();
      const message = isStream
        ? 'A subscription is answered with an event stream: accept text/event-stream, or open a WebSocket.'
        : 'Answers are application/graphql-response+json, application/json, multipart/mixed or text/event-stream: accept one of them.';
      const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
      const headers = { 'Content-Type': 'application/json; charset=utf-8' };
      setResultProcessor((_result, { Response }) => new Response(body, { status: 406, headers }), 'application/json');
    },
  };
}
