import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Counts the body of a request that does not say how long it is while it is read, and ends it with an error when it is longer than so
 * many bytes. One that says so was looked at before, and Node reads no more of it than it said.
 *
 * Yoga can do so too, but puts every body through a second stream, which takes as long as all the rest of a `healthyServices`.
 */
export function boundBody(request: IncomingMessage, max: number, tooLarge: () => Error): void {
  if (request.headers['transfer-encoding'] === undefined) return;
  // Yoga's adapter takes the body from here where there is one.
  Object.assign(request, { body: Readable.from(counted(request, max, tooLarge)) });
}

async function* counted(request: IncomingMessage, max: number, tooLarge: () => Error): AsyncGenerator<Buffer> {
  let bytes = 0;
  // Destroying the request would take away the connection, and with it the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > max) throw tooLarge();
    yield chunk;
  }
}
