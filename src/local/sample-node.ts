import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Capabilities, type Json, NodeIntrospection, type ReportedHealth } from '../node/index.ts';

/** One route of a sample node: `GET /api/v1/{name}?…`. */
export type Operation = (input: URLSearchParams) => Json;

/** A sample node, before it lives. */
export interface SampleDefinition {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly nodeType: string;
  readonly nodeVersion: string;
  readonly serviceName?: string;
  readonly capabilities: Capabilities;
  readonly fsmStates?: readonly string[];
  readonly operations: Readonly<Record<string, Operation>>;
  /** What the node does beside answering, until the signal aborts. Never rejects. */
  readonly habit?: (node: SampleNode, signal: AbortSignal) => Promise<void>;
}

export interface SampleSurroundings {
  readonly brokers: readonly string[];
  readonly environment: string;
  /** Where the node listens, and under which it is announced. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** One line for each event. */
  readonly say: (nodeId: string, event: string) => void;
}

/** Heartbeats often enough to watch them in a demonstration; the library's default is 30 s. */
const HEARTBEAT_INTERVAL = 10_000;

/** A small service that really answers, and announces itself with the node library. */
export class SampleNode {
  readonly #definition: SampleDefinition;
  readonly #surroundings: SampleSurroundings;
  readonly #introspection: NodeIntrospection;
  #server: Server | null = null;
  #port: number;
  #health: ReportedHealth = 'healthy';

  constructor(definition: SampleDefinition, surroundings: SampleSurroundings) {
    this.#definition = definition;
    this.#surroundings = surroundings;
    this.#port = surroundings.port;
    const { nodeId, nodeName, nodeType, nodeVersion, serviceName, capabilities, fsmStates, operations } = definition;
    this.#introspection = new NodeIntrospection({
      kafka: { brokers: surroundings.brokers },
      environment: surroundings.environment,
      nodeId,
      nodeName,
      nodeType,
      nodeVersion,
      serviceName,
      capabilities,
      fsmStates,
      target: operations,
      endpoints: () => this.#endpoints(),
      health: () => this.#health,
      heartbeatInterval: HEARTBEAT_INTERVAL,
      metadata: { sample: true },
      onAccepted: ({ consulServiceId }) => this.say(`registered as ${consulServiceId ?? nodeId}`),
    });
  }

  /** Listens, then announces itself. Rejects when the port is taken. */
  async join(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#surroundings.host, resolve);
    });
    this.#server = server;
    this.#port = portOf(server.address(), this.#port);
    const announced = await this.#introspection.start();
    this.say(announced ? `announced, listening on port ${this.#port}` : 'waits for Kafka to announce itself');
  }

  /** Says goodbye, then stops listening: the other way round clients would still be sent here. */
  async leave(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    await this.#introspection.stop();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    this.say('said goodbye');
  }

  async offer(capabilities: Capabilities): Promise<void> {
    await this.#introspection.setCapabilities(capabilities);
  }

  /** What `/health` and the heartbeats say from now on. */
  feel(health: ReportedHealth): void {
    this.#health = health;
    this.say(`feels ${health}`);
  }

  say(event: string): void {
    this.#surroundings.say(this.#definition.nodeId, event);
  }

  #endpoints() {
    const { host } = this.#surroundings;
    const base = `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
    return { health: `${base}/health`, api: `${base}/api/v1` };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { nodeId, operations } = this.#definition;
    const url = new URL(request.url ?? '/', 'http://node');
    if (url.pathname === '/health') {
      reply(response, this.#health === 'healthy' ? 200 : 503, { status: this.#health, node_id: nodeId });
      return;
    }
    const operation = Object.entries(operations).find(([name]) => url.pathname === `/api/v1/${name}`)?.[1];
    if (operation === undefined) {
      const routes = Object.keys(operations).map((name) => `/api/v1/${name}`);
      reply(response, 404, { error: `nothing is at ${url.pathname}`, routes: ['/health', ...routes] });
      return;
    }
    this.#introspection
      .trackOperation(() => operation(url.searchParams))
      .then((result) => reply(response, 200, { node_id: nodeId, result }))
      .catch((error: unknown) => reply(response, 400, { error: error instanceof Error ? error.message : String(error) }));
  }
}

function portOf(address: AddressInfo | string | null, fallback: number): number {
  return typeof address === 'object' && address !== null ? address.port : fallback;
}

function reply(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
