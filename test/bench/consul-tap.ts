import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from './port-of.ts';

/** Stands between a gateway and Consul, and counts what is written. */
export class ConsulTap {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  writes = 0;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = portOf(server);
  }

  static async start(consul: { readonly host: string; readonly port: number }): Promise<ConsulTap> {
    const sockets = new Set<Socket>();
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap = new ConsulTap(server, sockets);
    server.on('connection', (socket) => {
      const upstream = connect(consul.port, consul.host);
      for (const [one, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        sockets.add(one);
        one.setNoDelay();
        one.pipe(other);
        // What breaks on one side ends the other.
        one.on('error', () => other.destroy());
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      }
      socket.on('data', (data: Buffer) => {
        if (isWrite(data.toString())) tap.writes += 1;
      });
    });
    return tap;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A transaction that only looks is a PUT as well. */
function isWrite(request: string): boolean {
  return request.startsWith('PUT ') && !(request.startsWith('PUT /v1/txn') && !/"verb":"(?!get")/.test(request));
}
