import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * The whole body of a request; null when its sender went before the end. One that says how long it is was looked at before, and Node reads no
 * more of it than it said; any other is counted, and rejects with `tooLarge` when it is longer than so many bytes.
 */
export function readBody(request: IncomingMessage, max: number, tooLarge: () => Error): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= max) chunks.push(chunk);
      // What follows is read and dropped: destroying the request would take away the connection, and with it the answer.
      else reject(tooLarge());
    });
    // Each comes once; `once` would wrap it, and take it off again.
    request.on('end', () => {
      const [only, another] = chunks;
      resolve(only !== undefined && another === undefined ? only : Buffer.concat(chunks));
    });
    request.on('close', () => resolve(null));
    // It is closed right after.
    request.on('error', () => undefined);
  });
}

/** Gives a body that was read to Yoga's adapter, which takes it from here where there is one. */
export function handBody(request: IncomingMessage, body: Buffer): void {
  Object.assign(request, { body: Readable.from([body]) });
}
