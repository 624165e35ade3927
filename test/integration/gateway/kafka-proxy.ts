import net, { type Server, type Socket } from 'node:net';
import { z } from 'zod';

/** Of the requests of Kafka's protocol, by their number in it. */
export const FETCH = 1;

const address = z.looseObject({ port: z.number() });

interface Pair {
  readonly client: Socket;
  readonly broker: Socket;
  isHung: boolean;
}

/**
 * Stands between every Kafka client of this process and a broker, and can make connections hang as a half-dead network does: they stay
 * open and nothing comes back. The broker tells clients its own address, so the way in is Node's `connect`.
 */
export class KafkaProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #connect = net.connect;
  readonly #brokerPort: number;
  #hanging: { readonly request: number; readonly clientId: string } | null = null;
  #hung = 0;

  private constructor(brokerPort: number) {
    this.#brokerPort = brokerPort;
    this.#server = net.createServer((client) => this.#join(client));
  }

  static async before(brokerPort: number): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(brokerPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const { port } = address.parse(proxy.#server.address());
    Reflect.set(net, 'connect', (options: unknown, ...more: unknown[]) => {
      const { success, data } = address.safeParse(options);
      const isToBroker = success && data.port === brokerPort;
      return Reflect.apply(proxy.#connect, net, [isToBroker ? { ...data, port } : options, ...more]);
    });
    return proxy;
  }

  /** From now on a connection of the client hangs once it sends such a request, until `release`. */
  hang(request: number, clientId: string): void {
    this.#hanging = { request, clientId };
  }

  /** Connections that come now get through; those that hang go on hanging. */
  release(): void {
    this.#hanging = null;
  }

  /** Connections that were made to hang. */
  hung(): number {
    return this.#hung;
  }

  async close(): Promise<void> {
    Reflect.set(net, 'connect', this.#connect);
    for (const { client, broker } of this.#pairs) {
      client.destroy();
      broker.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const broker = new net.Socket().connect({ host: '127.0.0.1', port: this.#brokerPort });
    const pair: Pair = { client, broker, isHung: false };
    this.#pairs.add(pair);
    client.on('data', (chunk) => {
      if (!pair.isHung && this.#isToHang(chunk)) {
        pair.isHung = true;
        this.#hung += 1;
      }
      if (!pair.isHung) broker.write(chunk);
    });
    broker.on('data', (chunk) => {
      if (!pair.isHung) client.write(chunk);
    });
    for (const [from, to] of [
      [client, broker],
      [broker, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }

  /** A request begins with its size (4 bytes), its number (2), version (2) and correlation id (4), then the client id with its length (2). */
  #isToHang(chunk: Buffer): boolean {
    if (this.#hanging === null || chunk.length < 14) return false;
    const clientId = chunk.subarray(14, 14 + chunk.readInt16BE(12)).toString();
    return chunk.readInt16BE(4) === this.#hanging.request && clientId === this.#hanging.clientId;
  }
}
