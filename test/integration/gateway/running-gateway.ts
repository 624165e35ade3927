import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, type Client as SubscriptionClient } from 'graphql-ws';
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import pg from 'pg';
import WebSocket from 'ws';
import { z } from 'zod';
import { type Config, readConfig } from '../../../src/config.ts';
import { startGateway } from '../../../src/gateway.ts';
import { createLog } from '../../../src/log.ts';
import { until } from '../../until.ts';
import { OWN_TOPICS } from '../own-topics.ts';
import { freshDatabase, gatewayEnvironment } from '../stack.ts';

export interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

const answer: z.ZodType<Answer> = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).optional(),
});

const change = z.object({
  cursor: z.string(),
  type: z.string(),
  nodeId: z.string().nullable(),
  reason: z.string().nullable(),
  health: z.string().nullish(),
});
export type SeenChange = z.infer<typeof change>;

const FOLLOW = `subscription ($after: Cursor, $snapshot: Boolean, $filter: ChangeFilter) {
  registrationChanges(after: $after, snapshot: $snapshot, filter: $filter) { cursor type nodeId reason }
}`;

/** A gateway's environment on a fresh database; `extra` wins. */
export async function freshEnvironment(extra: Record<string, string> = {}): Promise<Record<string, string>> {
  const env: Record<string, string> = { ...gatewayEnvironment(extra['DATABASE_URL'] ?? (await freshDatabase())), ...OWN_TOPICS, ...extra };
  return { GATEWAY_ID: `gateway-${env['KAFKA_ENVIRONMENT']}`, ...env };
}

/** A client of one gateway, wherever it runs. */
export class GatewayClient {
  readonly url: string;
  readonly config: Config;
  readonly #subscriptions: SubscriptionClient;

  constructor(url: string, config: Config) {
    this.url = url;
    this.config = config;
    this.#subscriptions = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  }

  /** Whatever GraphQL answers. */
  async ask(query: string, variables: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return answer.parse(await response.json());
  }

  /** One field of an answer without errors. */
  async get<T>(shape: z.ZodType<T>, field: string, query: string, variables: object = {}): Promise<T> {
    const { data, errors } = await this.ask(query, variables);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return shape.parse(data?.[field]);
  }

  node(nodeId: string) {
    const shape = z
      .object({
        nodeId: z.string(),
        type: z.string(),
        state: z.string(),
        stateReason: z.string(),
        health: z.string(),
        consulServiceId: z.string().nullable(),
        capabilities: z.array(z.string()),
        cursor: z.string(),
        acknowledgedAt: z.string().nullable(),
        lastHeartbeatAt: z.string().nullable(),
      })
      .nullable();
    const fields = 'nodeId type state stateReason health consulServiceId capabilities cursor acknowledgedAt lastHeartbeatAt';
    return this.get(shape, 'nodeById', `query ($id: ID!) { nodeById(nodeId: $id) { ${fields} } }`, { id: nodeId });
  }

  /** Without the gateways themselves. */
  async registered(): Promise<string[]> {
    const shape = z.object({ edges: z.array(z.object({ node: z.object({ nodeId: z.string(), type: z.string() }) })) });
    const { edges } = await this.get(
      shape,
      'nodes',
      '{ nodes(first: 500, filter: { states: [REGISTERED] }) { edges { node { nodeId type } } } }',
    );
    return edges.filter(({ node }) => node.type !== 'registry').map(({ node }) => node.nodeId);
  }

  async healthy(capability: string): Promise<string[]> {
    const shape = z.array(z.object({ nodeId: z.string() }));
    const services = await this.get(shape, 'healthyServices', 'query ($c: String!) { healthyServices(capability: $c) { nodeId } }', {
      c: capability,
    });
    return services.map(({ nodeId }) => nodeId).sort();
  }

  async changes(nodeId?: string): Promise<SeenChange[]> {
    const query = 'query ($f: ChangeFilter) { changes(first: 500, filter: $f) { cursor type nodeId reason } }';
    return this.get(z.array(change), 'changes', query, { f: nodeId === undefined ? null : { nodeIds: [nodeId] } });
  }

  /** Collects what a subscription receives, until `stop`. */
  follow(variables: { after?: string; snapshot?: boolean; filter?: object } = {}) {
    const seen: SeenChange[] = [];
    const errors: unknown[] = [];
    const stop = this.#subscriptions.subscribe<{ registrationChanges: unknown }>(
      { query: FOLLOW, variables },
      {
        next: ({ data, errors: failures }) => {
          if (failures !== undefined) errors.push(...failures);
          else seen.push(change.parse(data?.registrationChanges));
        },
        error: (error) => errors.push(...(Array.isArray(error) ? error : [error])),
        complete: () => undefined,
      },
    );
    return { seen, errors, stop };
  }

  /** The same from now on: what happens once this has resolved is not missed, however long the subscription took to begin. */
  async followFromNow(filter: object) {
    const followed = this.follow({ snapshot: true, filter });
    await until('the subscription has begun', () => followed.seen.some(({ type }) => type === 'BOOKMARK'));
    followed.seen.splice(0);
    return followed;
  }

  /** Collects the sets of node ids that a live subscription to a service receives, until `stop`. */
  followServices(capability: string) {
    const sets: string[][] = [];
    const shape = z.array(z.object({ nodeId: z.string() }));
    const stop = this.#subscriptions.subscribe<{ healthyServices: unknown }>(
      { query: 'subscription ($c: String!) { healthyServices(capability: $c) { nodeId } }', variables: { c: capability } },
      {
        next: ({ data }) => sets.push(shape.parse(data?.healthyServices).map(({ nodeId }) => nodeId)),
        error: () => undefined,
        complete: () => undefined,
      },
    );
    return { sets, stop };
  }

  async close(): Promise<void> {
    await this.#subscriptions.dispose();
  }
}

export type RunningGateway = Awaited<ReturnType<typeof runGateway>>;

/** A gateway in this process, with what it logs. */
export async function runGateway(env: Record<string, string>) {
  const config = readConfig(env);
  const lines: Record<string, unknown>[] = [];
  const log = createLog('debug', config.gatewayId, {
    write: (line) => lines.push(z.record(z.string(), z.unknown()).parse(JSON.parse(line))),
  });
  const gateway = await startGateway(config, log, new AbortController().signal);
  const client = new GatewayClient(`http://127.0.0.1:${gateway.port}`, config);
  await until('the gateway has joined its group', () => lines.some(({ msg }) => msg === 'joined the consumer group'), { timeout: 30_000 });
  return {
    client,
    config,
    lines,
    stop: async () => {
      await client.close();
      await gateway.stop();
    },
  };
}

export interface NodeMessage {
  readonly key?: string | null;
  readonly value: object | string | Buffer | null;
  readonly headers?: Record<string, string>;
  /** Kafka's choice by default. */
  readonly partition?: number;
}

/** Produces what nodes say. */
export class Nodes {
  readonly #producer: Producer;
  readonly kafka: Kafka;
  readonly #config: Config;
  readonly #led = new Set<string>();

  private constructor(kafka: Kafka, producer: Producer, config: Config) {
    this.kafka = kafka;
    this.#producer = producer;
    this.#config = config;
  }

  static async connect(config: Config): Promise<Nodes> {
    const kafka = new Kafka({ clientId: 'nodes', brokers: [...config.kafka.brokers], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    return new Nodes(kafka, producer, config);
  }

  async send(topic: string, ...values: readonly NodeMessage[]): Promise<void> {
    await this.#ledBy(topic);
    const messages = values.map(({ key = null, value, ...place }) => ({
      ...place,
      key,
      value: value === null || typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
    }));
    await this.#producer.send({ topic, messages });
  }

  /**
   * Until every partition of a topic that was just created has its leader: kafkajs sends the whole request again when one has none, and
   * what the others took already is in the topic twice.
   */
  async #ledBy(topic: string): Promise<void> {
    if (this.#led.has(topic)) return;
    const admin = this.kafka.admin({ retry: { retries: 0 } });
    await admin.connect();
    try {
      await until(`${topic} has its leaders`, () => admin.fetchTopicOffsets(topic), { timeout: 30_000 });
    } finally {
      await admin.disconnect();
    }
    this.#led.add(topic);
  }

  announce(...announcements: readonly object[]): Promise<void> {
    return this.send(this.topic('introspection'), ...announcements.map((value) => ({ value })));
  }

  heartbeat(nodeId: string, more: object = {}): Promise<void> {
    return this.send(this.topic('heartbeat'), { key: nodeId, value: { node_id: nodeId, timestamp: new Date().toISOString(), ...more } });
  }

  topic(meaning: 'introspection' | 'heartbeat' | 'acknowledgement', generation = 0): string {
    const topic = this.#config.kafka.topics[meaning][generation];
    if (topic === undefined) throw new Error(`no ${meaning} topic of generation ${generation}`);
    return topic;
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}

/** The topics of the gateway's configuration, for nodes of the library. */
export function nodeTopics({ kafka: { topics } }: Config) {
  const [introspection = '', heartbeat = '', acknowledgement = ''] = [
    topics.introspection[0],
    topics.heartbeat[0],
    topics.acknowledgement[0],
  ];
  return { introspection, heartbeat, acknowledgement, requests: topics.request, accepted: topics.accepted };
}

/** A bare announcement, as the simplest node would send it. */
export function announcement(nodeId: string, more: object = {}) {
  return {
    node_id: nodeId,
    node_type: 'effect',
    node_version: '1.2.3',
    capabilities: { ping: true },
    reason: 'startup',
    timestamp: new Date().toISOString(),
    ...more,
  };
}

/** A node's HTTP server whose health can be switched. */
export async function healthServer() {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end(`status ${status}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  return {
    port,
    endpoints: { health: `${base}/health`, api: `${base}/api` },
    answer: (next: number) => {
      status = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** One statement on a database. */
export async function sql(url: string, statement: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** What an agent's HTTP API says. */
export async function consul(config: Config, path: string, method: 'GET' | 'PUT' = 'GET'): Promise<unknown> {
  const response = await fetch(`http://${config.consul.host}:${config.consul.port}/v1${path}`, { method });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** The registry's own services in Consul, by id. */
export async function ownServices(config: Config, registryId: string) {
  const services = z
    .record(z.string(), z.object({ Service: z.string(), Tags: z.array(z.string()), Meta: z.record(z.string(), z.string()) }))
    .parse(await consul(config, '/agent/services'));
  return new Map(Object.entries(services).filter(([, service]) => service.Meta['registry_id'] === registryId));
}

/** What became of messages, as counted in Postgres, over the topics whose name contains the text. */
export async function outcomes(url: string, topicPart: string): Promise<Record<string, number>> {
  const [row] = await sql(
    url,
    `select sum(applied)::int applied, sum(unchanged)::int unchanged, sum(superseded)::int superseded, sum(rejected)::int rejected,
       sum(heartbeat)::int heartbeat, sum(acknowledged)::int acknowledged, sum(ignored)::int ignored
     from consumer_positions where position($1 in topic) > 0`,
    [topicPart],
  );
  return z
    .record(
      z.string(),
      z
        .number()
        .nullable()
        .transform((count) => count ?? 0),
    )
    .parse(row);
}
