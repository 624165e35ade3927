import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a broker and lets it advertise another port: where its answers name its own address, the port is replaced. */
export class AdvertisingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(host: string, port: number, advertised: number) {
    const address = (number: number) => {
      const name = Buffer.from(host);
      const bytes = Buffer.alloc(2 + name.length + 4);
      bytes.writeInt16BE(name.length, 0);
      name.copy(bytes, 2);
      bytes.writeInt32BE(number, 2 + name.length);
      return bytes;
    };
    const [own, other] = [address(port), address(advertised)];
    this.#server = createServer((client) => {
      const broker = connect(port, host);
      for (const socket of [client, broker]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
      }
      client.pipe(broker);
      broker.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf(own); at !== -1; at = chunk.indexOf(own, at + 1)) other.copy(chunk, at);
        client.write(chunk);
      });
      broker.on('close', () => client.destroy());
      client.on('close', () => broker.destroy());
    });
  }

  /** Before the broker at `host:port`. */
  static async before(broker: string, advertised: number): Promise<AdvertisingProxy> {
    const [host = '', port = ''] = broker.split(':');
    const proxy = new AdvertisingProxy(host, Number(port), advertised);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
