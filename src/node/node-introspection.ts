import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../events/json.ts';
import { type SigningKey, signingKey } from '../events/signature.ts';
import { Announcer } from './announcer.ts';
import { type Identity, identityOf } from './identity.ts';
import { Inbox } from './inbox.ts';
import { type KafkaClient, kafkaClient } from './kafka-client.ts';
import { Life } from './life.ts';
import { Listener } from './listener.ts';
import { type NodeLogger, warningsOnly } from './node-logger.ts';
import type { Capabilities, Endpoints, NodeIntrospectionOptions } from './options.ts';
import { NodeProfile } from './profile.ts';
import { Publisher } from './publisher.ts';
import { Stamps } from './stamps.ts';
import type { Supplied } from './supply.ts';
import { type NodeTopics, nodeTopics } from './topics.ts';
import { activeTrace } from './trace-context.ts';
import { Workload } from './workload.ts';

const HEARTBEAT_INTERVAL = 30_000;
const PUBLISH_TIMEOUT = 5000;
const STOP_TIMEOUT = 5000;
const BROADCAST_JITTER = 1000;

/** Why a node announces itself. Other words are allowed. */
export type AnnouncementReason =
  | 'startup'
  | 'shutdown'
  | 'registry_request'
  | 'periodic'
  | 'manual'
  | 'health_change'
  | 'capability_change'
  | 'config_update'
  | 'state_change'
  | (string & {});

export interface PublishOptions {
  /** The id of the request that this answers. Default: a new one. */
  readonly correlationId?: string;
  /** Asks the functions that supply capabilities, endpoints, configuration and state again instead of the caches. Default: false. */
  readonly forceRefresh?: boolean;
}

/**
 * Makes a program a node: announces it on Kafka, heartbeats, answers requests to introspect, announces changes, and says goodbye.
 *
 * ```ts
 * const node = new NodeIntrospection({ kafka: { brokers: ['127.0.0.1:9092'] }, nodeType: 'effect', nodeId: 'mailer-001', target: mailer });
 * await node.start();
 * // …
 * await node.stop();
 * ```
 */
export class NodeIntrospection {
  readonly nodeId: string;
  readonly #options: NodeIntrospectionOptions;
  readonly #identity: Identity;
  readonly #kafka: KafkaClient;
  readonly #logger: NodeLogger;
  readonly #topics: NodeTopics;
  readonly #profile: NodeProfile;
  readonly #workload: Workload;
  readonly #stamps: Stamps;
  readonly #signingKey: SigningKey | null;
  readonly #now: () => number;
  readonly #newId: () => string;
  readonly #random: () => number;
  #epoch = 0;
  #life: Life | null = null;
  #started: Promise<boolean> | null = null;
  #stopping: Promise<void> | null = null;
  #stopped = false;

  /** Throws RangeError for an identity, an endpoint or a signing key that the gateway would reject. Opens no connection. */
  constructor(options: NodeIntrospectionOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#newId = options.newId ?? randomUUID;
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger ?? warningsOnly;
    this.#identity = identityOf(options, this.#newId);
    this.nodeId = this.#identity.nodeId;
    this.#kafka = kafkaClient(options.kafka, this.nodeId, this.#logger);
    this.#topics = { ...nodeTopics(this.#identity.environment, options.generation ?? 'legacy'), ...options.topics };
    this.#workload = new Workload(this.#now);
    this.#profile = new NodeProfile(this.#identity, options, this.#workload, this.#logger, this.#now);
    this.#stamps = new Stamps(this.#now);
    this.#signingKey = options.signing === undefined ? null : signingKey(options.signing);
  }

  /**
   * Announces the node, and from then on heartbeats, answers requests and announces changes. Returns true once the announcement is out;
   * false when Kafka did not take it within the publish timeout: the node goes on trying, and its program may go on too. Never throws.
   * A second call joins the first; after `stop` it begins another life.
   */
  start(): Promise<boolean> {
    if (this.#stopping !== null) return this.#stopping.then(() => this.start());
    this.#stopped = false;
    this.#started ??= this.#open().begin(activeTrace());
    return this.#started;
  }

  /** Says goodbye and closes everything that was opened, in bounded time. Never throws. */
  stop(): Promise<void> {
    this.#stopping ??= this.#finish();
    return this.#stopping;
  }

  /**
   * Announces the node by hand. Whether Kafka took it within the publish timeout: false is logged, and not tried again. Works before
   * `start` too, which opens a connection that `stop` closes. Never throws.
   */
  publishIntrospection(reason: AnnouncementReason = 'manual', options: PublishOptions = {}): Promise<boolean> {
    if (this.#stopped) {
      this.#logger.warn({ reason }, 'the node is stopped and announces nothing until it is started again');
      return Promise.resolve(false);
    }
    return this.#open().publish({
      reason,
      correlationId: options.correlationId,
      fresh: options.forceRefresh ?? false,
      trace: activeTrace(),
    });
  }

  /** Other capabilities from now on, announced at once and until that worked. Before `start`, and after `stop`, only remembered. */
  setCapabilities(capabilities: Supplied<Capabilities>): Promise<boolean> {
    this.#profile.setCapabilities(capabilities);
    return this.#announceRunning('capability_change');
  }

  /** The same for endpoints. Throws RangeError for one that is not a URL. */
  setEndpoints(endpoints: Supplied<Endpoints>): Promise<boolean> {
    this.#profile.setEndpoints(endpoints);
    return this.#announceRunning('config_update');
  }

  /** The same for the configuration. */
  setConfiguration(configuration: Supplied<JsonObject>): Promise<boolean> {
    this.#profile.setConfiguration(configuration);
    return this.#announceRunning('config_update');
  }

  /**
   * Asks every function again, and announces what changed. Happens by itself with each heartbeat, as far as the caches have run out;
   * call it for a change that should be known now. False only when there was something to announce and Kafka did not take it.
   */
  refresh(): Promise<boolean> {
    return this.#running()?.announceChange(true, activeTrace()) ?? Promise.resolve(true);
  }

  /** Everything that an announcement says, with the names of the wire. Rejects when a function fails that never supplied anything. */
  getIntrospectionData(options: { readonly forceRefresh?: boolean } = {}): Promise<JsonObject> {
    return this.#profile.data(options.forceRefresh ?? false);
  }

  /** The capabilities as announced: operations, states of the state machine and resource limits beside those given. Rejects as above. */
  extractCapabilities(options: { readonly forceRefresh?: boolean } = {}): Promise<JsonObject> {
    return this.#profile.capabilities(options.forceRefresh ?? false);
  }

  /** Endpoint name → URL. Rejects as above. */
  getEndpoints(options: { readonly forceRefresh?: boolean } = {}): Promise<Endpoints> {
    return this.#profile.endpoints(options.forceRefresh ?? false);
  }

  /** Runs the work, and counts it as an active operation meanwhile. Returns and throws what the work does. */
  trackOperation<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#workload.track(work);
  }

  #announceRunning(reason: AnnouncementReason): Promise<boolean> {
    return this.#running()?.announce({ reason, fresh: false, trace: activeTrace() }) ?? Promise.resolve(true);
  }

  /** The life that began and is not about to end: after its goodbye nothing may be announced. */
  #running(): Life | null {
    return this.#started === null || this.#stopped ? null : this.#life;
  }

  #open(): Life {
    this.#life ??= this.#newLife();
    return this.#life;
  }

  #newLife(): Life {
    const { publishTimeout = PUBLISH_TIMEOUT, acknowledge = true } = this.#options;
    this.#workload.begin();
    // Grows even when the clock does not, and when one given number is used for several lives.
    this.#epoch = Math.max(this.#options.epoch ?? Math.floor(this.#now()), this.#epoch + 1);
    const publisher = new Publisher(this.#kafka, publishTimeout, this.#logger);
    const announcer = new Announcer({
      identity: this.#identity,
      profile: this.#profile,
      workload: this.#workload,
      activeOperations: this.#options.activeOperations ?? (() => this.#workload.active),
      publisher,
      signingKey: this.#signingKey,
      topics: this.#topics,
      generation: this.#options.generation ?? 'legacy',
      epoch: this.#epoch,
      stamps: this.#stamps,
      newId: this.#newId,
      logger: this.#logger,
    });
    const heard = [...this.#topics.requests, ...(acknowledge ? this.#topics.accepted : [])];
    return new Life({
      announcer,
      publisher,
      listen: (handlers, signal) => {
        const startedAt = this.#now();
        const inbox = new Inbox(this.#identity, this.#topics, startedAt, handlers);
        const listener = new Listener({
          kafka: this.#kafka,
          // Of its own for each node: every node must see every request.
          groupId: `node-introspection-${this.nodeId}`,
          topics: heard,
          startedAt,
          onMessage: (received) => inbox.receive(received),
          logger: this.#logger,
        });
        return listener.run(signal);
      },
      onAccepted: this.#options.onAccepted ?? (() => undefined),
      heartbeatInterval: this.#options.heartbeatInterval ?? HEARTBEAT_INTERVAL,
      broadcastJitter: this.#options.broadcastJitter ?? BROADCAST_JITTER,
      stopTimeout: this.#options.stopTimeout ?? STOP_TIMEOUT,
      random: this.#random,
      logger: this.#logger,
    });
  }

  async #finish(): Promise<void> {
    const trace = activeTrace();
    this.#stopped = true;
    await this.#life?.finish(trace);
    this.#life = null;
    this.#started = null;
    this.#stopping = null;
  }
}
