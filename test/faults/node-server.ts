import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers for the health of every node of the fleet, each under a path of its own. */
export class NodeServer {
  readonly #server: Server;
  readonly #sick = new Set<string>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const nodeId = request.url?.split('/').at(-1) ?? '';
      response.writeHead(this.#sick.has(nodeId) ? 503 : 200).end(nodeId);
    });
  }

  static async start(): Promise<NodeServer> {
    const server = new NodeServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  url(nodeId: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/health/${nodeId}`;
  }

  sicken(nodeId: string): void {
    this.#sick.add(nodeId);
  }

  cure(nodeId: string): void {
    this.#sick.delete(nodeId);
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.closeAllConnections();
      this.#server.close(() => resolve());
    });
  }
}
