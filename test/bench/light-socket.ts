import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const TEXT = 1;
const PING = 9;
const PONG = 10;

/**
 * A client of `graphql-transport-ws` that costs little: thousands of them in one process must not be slower than the server that they
 * measure. It knows just what such a server sends: whole, unmasked frames.
 */
export class LightSocket {
  readonly #socket: Socket;
  readonly #onText: (text: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, onText: (text: Buffer) => void) {
    this.#socket = socket;
    this.#onText = onText;
    socket.on('data', (data) => this.#read(data));
  }

  /** Connects and says connection_init. Throws when it is not acknowledged. */
  static async open(url: string, onText: (text: Buffer) => void): Promise<LightSocket> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /graphql HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
    );
    const [answer]: unknown[] = await once(socket, 'data');
    if (!String(answer).startsWith('HTTP/1.1 101')) throw new Error(`no WebSocket: ${String(answer)}`);
    let told: (text: Buffer) => void = () => undefined;
    const light = new LightSocket(socket, (text) => told(text));
    await new Promise<void>((resolve, reject) => {
      socket.once('close', () => reject(new Error('the socket was closed')));
      told = (text) => {
        if (!text.includes('connection_ack')) return reject(new Error(`no connection_ack: ${text}`));
        told = onText;
        return resolve();
      };
      light.send('{"type":"connection_init"}');
    });
    return light;
  }

  subscribe(query: string): void {
    this.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  /** Reads no more, as a client that hangs. */
  hang(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** A client must mask what it sends; a mask of zeros leaves it as it is. */
  #write(kind: number, data: Buffer): void {
    if (data.length > 65_535) throw new Error('too long for this client');
    const head =
      data.length < 126
        ? Buffer.from([0x80 | kind, 0x80 | data.length])
        : Buffer.from([0x80 | kind, 0xfe, data.length >> 8, data.length & 255]);
    this.#socket.write(Buffer.concat([head, Buffer.alloc(4), data]));
  }

  #read(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const short = data.length < 2 ? 0 : data.readUInt8(1);
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (data.length < start) break;
      const length = short === 127 ? Number(data.readBigUInt64BE(2)) : short === 126 ? data.readUInt16BE(2) : short;
      if (data.length < start + length) break;
      const kind = data.readUInt8(0) & 15;
      const body = data.subarray(start, start + length);
      data = data.subarray(start + length);
      if (kind === TEXT) this.#onText(body);
      else if (kind === PING) this.#write(PONG, body);
    }
    this.#rest = data;
  }
}
