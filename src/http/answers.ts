import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayError } from '../errors.ts';

/** On every answer, unless it says otherwise itself. */
export const ANSWER_HEADERS = {
  // What is true now; the same question may have another answer in a moment.
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "frame-ancestors 'none'",
} as const;

/** The body of an answer that is not GraphQL's. */
export function problem(code: string, message: string): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code, message } };
}

export function sendJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(`${JSON.stringify(body)}\n`);
}

const GRAPHQL_RESPONSE = 'application/graphql-response+json';

/** A request to `/graphql` that is turned away before any GraphQL: in the shape that GraphQL clients read. */
export function sendGraphqlError(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  { code, message, details }: Pick<GatewayError, 'message' | 'details'> & { readonly code: string },
): void {
  const type = request.headers.accept?.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : 'application/json';
  response.statusCode = status;
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  response.end(JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] }));
}

export function refuseUpgrade(socket: Duplex, status: string): void {
  // The peer may be gone already; there is nobody left to tell.
  socket.once('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

export function pathOf(request: IncomingMessage): string {
  return request.url?.split('?', 1)[0] ?? '/';
}
