import type { ReportedHealth } from '../events/announcement.ts';
import type { JsonObject } from '../events/json.ts';
import type { SigningSecret } from '../events/signature.ts';
import type { Accepted } from './incoming.ts';
import type { KafkaClient, KafkaConnection } from './kafka-client.ts';
import type { NodeLogger } from './node-logger.ts';
import type { Supplied } from './supply.ts';
import type { Generation, NodeTopics } from './topics.ts';

/** Names of capabilities, or an object: name → `true` or the capability's settings. */
export type Capabilities = readonly string[] | JsonObject;

/** Endpoint name → URL. Usual names: `health` (checked by Consul), `api` (where clients go), `metrics`. */
export type Endpoints = Readonly<Record<string, string>>;

/** What a node is, can do, and how it says so. Only `kafka` and `nodeType` are required; all durations are milliseconds. */
export interface NodeIntrospectionOptions {
  /** A kafkajs `Kafka`, or how to reach the brokers. Connections are opened by `start` and closed by `stop` either way. */
  readonly kafka: KafkaClient | KafkaConnection;
  /** `effect`, `compute`, `reducer`, `orchestrator`, or any other word: 1 to 100 characters. */
  readonly nodeType: string;
  /** 1 to 255 characters. Default: a new UUID; keep it across restarts, or each life is another node. */
  readonly nodeId?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly nodeVersion?: string | undefined;
  /** Under which clients look for this service. Default: the gateway takes `{nodeType}-service`. */
  readonly serviceName?: string | undefined;
  readonly nodeRole?: string | undefined;
  /** Where several processes share one node id, the newest instance replaces the others. */
  readonly instanceId?: string | undefined;

  /** Default: none but the operations. */
  readonly capabilities?: Supplied<Capabilities> | undefined;
  /** Default: the public methods of `target`. */
  readonly operations?: Supplied<readonly string[]> | undefined;
  /** The object whose public methods are this node's operations. */
  readonly target?: object | undefined;
  /** The states that the node's state machine knows, or an object that says more of them. */
  readonly fsmStates?: Supplied<readonly string[] | JsonObject> | undefined;
  /** `true` reads cores and memory of the machine or container; `false` leaves them out. Default: `true`. */
  readonly resourceLimits?: boolean | JsonObject | undefined;
  /** Default: none; then only heartbeats keep the node healthy. */
  readonly endpoints?: Supplied<Endpoints> | undefined;
  /** Settings that others should know of. A change is announced as `config_update`. */
  readonly configuration?: Supplied<JsonObject> | undefined;
  /** How long the registration lasts after the last sign of life, where that is less than the gateway's own limit (24 hours). */
  readonly nodeTtlHours?: number | undefined;
  /** Default: `active`. A text stands for `{status: text}`. */
  readonly currentState?: Supplied<string | JsonObject> | undefined;
  /** Asked for each message, never cached. A function that throws counts as `unhealthy`. Default: nothing is reported. */
  readonly health?: (() => ReportedHealth | Promise<ReportedHealth>) | undefined;
  /** Default: what runs inside `trackOperation`. */
  readonly activeOperations?: (() => number) | undefined;
  /** Anything else worth telling. */
  readonly metadata?: JsonObject | undefined;
  /** First part of the legacy topic names, and announced. Default: `dev`. */
  readonly environment?: string | undefined;
  readonly networkId?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** A whole number that grows with each life of the node. Default: the time of `start` in milliseconds since 1970. */
  readonly epoch?: number | undefined;

  /** Default: 30 s. */
  readonly heartbeatInterval?: number | undefined;
  /** How long capabilities, endpoints and configuration from functions are used. Default: 60 s. */
  readonly cacheTtl?: number | undefined;
  /** The same for the current state. Default: 30 s. */
  readonly stateCacheTtl?: number | undefined;
  /** Which topics and envelope to send with; requests are read on all. Default: `legacy`. */
  readonly generation?: Generation | undefined;
  /** Where the gateway's topic lists are configured otherwise. */
  readonly topics?: Partial<NodeTopics> | undefined;
  /**
   * Reads the gateway's `accepted` events and acknowledges this node's own. Every node sees those of all nodes, so a fleet of
   * thousands may turn it off. Default: `true`.
   */
  readonly acknowledge?: boolean | undefined;
  /** Called when the gateway says that this node is registered. Needs `acknowledge`. */
  readonly onAccepted?: ((accepted: Accepted) => void) | undefined;
  /** How long one message may take. Default: 5 s. */
  readonly publishTimeout?: number | undefined;
  /** How long `stop` may take altogether. Default: 5 s. */
  readonly stopTimeout?: number | undefined;
  /** A broadcast is answered after a random part of this, so that a fleet does not answer at once. Default: 1 s. */
  readonly broadcastJitter?: number | undefined;

  /**
   * Signs every message, so that the gateway can tell that it is this node's: `{ kid, secret }` for HMAC-SHA-256 with a secret of at least
   * 32 bytes, `{ kid, privateKey }` for Ed25519 with a private key in PEM. The gateway knows the key under the same `kid`. Default: unsigned.
   */
  readonly signing?: SigningSecret | undefined;

  /** Default: warnings on stderr. */
  readonly logger?: NodeLogger | undefined;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: random UUIDs. */
  readonly newId?: (() => string) | undefined;
}
