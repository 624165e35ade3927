import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Identity } from '../../test-authority.ts';

/** The port of somebody who shakes hands as Kafka and Consul do, and then hangs up; until the test ends. */
export function speaksTlsAtOnce({ certificate: cert, key }: Identity): Promise<number> {
  return portOf(createTlsServer({ cert, key }, (socket) => socket.destroy()));
}

/** The same as Postgres does it: asked for TLS in its own words, it agrees. */
export function speaksTlsWhenAsked({ certificate: cert, key }: Identity): Promise<number> {
  return portOf(
    createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => {
        socket.write('S');
        const secured = new TLSSocket(socket, { isServer: true, cert, key });
        secured.on('error', () => socket.destroy());
      });
    }),
  );
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
