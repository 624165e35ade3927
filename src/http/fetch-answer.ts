import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendNodeResponse } from '@whatwg-node/server';
import type { GraphqlEndpoint, ServerContext } from './graphql-endpoint.ts';

/**
 * Answers a request with what Yoga says to it. Rejects with whatever fails before Yoga's own error handling: handed the response, Yoga's
 * adapter would write the stack trace of such a failure into it.
 */
export async function answerBy(
  endpoint: Pick<GraphqlEndpoint, 'handleNodeRequestAndResponse'>,
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
): Promise<void> {
  const answer = await endpoint.handleNodeRequestAndResponse(request, response, context);
  // One head for all headers, as the adapter does it.
  await sendNodeResponse(answer, response, request, true);
}
