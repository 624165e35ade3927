import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { ErrorMask } from '../graphql/errors.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const httpShape = z.object({ status: z.number(), headers: z.record(z.string(), z.string()).default({}) });

/** What is refused before GraphQL has seen it, in the words of GraphQL: one error, with its code, and the status that goes with it. */
function answerOf(error: unknown, maskError: ErrorMask): Answer {
  const { message, extensions } = maskError(error);
  const { http, unexpected: _unexpected, ...visible } = extensions;
  const { status, headers } = httpShape.safeParse(http).data ?? { status: 500, headers: {} };
  return { status, headers, body: `${JSON.stringify({ errors: [{ message, extensions: visible }] })}\n` };
}

export function refuseRequest(response: ServerResponse, error: unknown, maskError: ErrorMask): void {
  const { status, headers, body } = answerOf(error, maskError);
  response.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
  response.end(body);
}

/** Refuses what asked to become a WebSocket, where there is no response to write to. */
export function refuseUpgrade(socket: Duplex, error: unknown, maskError: ErrorMask): void {
  const { status, headers, body } = answerOf(error, maskError);
  const lines = Object.entries({ ...headers, Connection: 'close', 'Content-Type': 'application/json; charset=utf-8' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  // The peer may be gone already; there is nobody left to tell.
  socket.once('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
