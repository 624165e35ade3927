import type { Kafka, Message } from 'kafkajs';
import { atMost } from '../at-most.ts';
import type { KafkaConfig } from '../config/kafka.ts';
import { BackendError, messageOf, UnsettledError } from '../errors.ts';
import { SIGNATURE_HEADER, type SigningKey, sign } from '../events/signature.ts';
import type { Log } from '../log.ts';
import type { Change, LoggedChangeType } from '../registry/change.ts';
import { printCursor } from '../registry/cursor.ts';
import type { Accepted, DeadLetter, IntrospectionRequest, Messenger } from '../registry/ports.ts';
import type { Tracer } from '../tracer.ts';
import { deadLetterMessage } from './dead-letter.ts';
import type { IntrospectionRequestValue, RegistrationAcceptedValue, RegistrationChangeValue } from './gateway-messages.ts';
import { LastingProducer } from './lasting-producer.ts';
import { type Outgoing, SentTraces } from './sent-traces.ts';
import type { KnownTopics } from './topics.ts';

/** A caller that can retry itself waits no longer than this. Milliseconds. */
const SEND_DEADLINE = 5000;
/** The broker's usual limit on a request is 1 MiB. */
const MAX_BATCH_BYTES = 700_000;

/** What the gateway says on Kafka: docs/wire.md, "What the gateway sends". */
export class KafkaMessenger implements Messenger {
  readonly #producer: LastingProducer;
  readonly #config: KafkaConfig;
  /** Asked for when it is needed: it is known once the database is migrated. */
  readonly #registryId: () => string;
  readonly #topics: Pick<KnownTopics, 'has' | 'isKnown'>;
  readonly #signingKey: SigningKey | null;
  readonly #traces: SentTraces;

  /** With a `signingKey` everything is signed. With a `tracer` what belongs to a trace shows there. */
  constructor(
    kafka: Kafka,
    config: KafkaConfig,
    registryId: () => string,
    topics: Pick<KnownTopics, 'has' | 'isKnown'>,
    log: Log,
    signingKey: SigningKey | null = null,
    tracer: Tracer | null = null,
  ) {
    this.#producer = new LastingProducer(kafka, log);
    this.#config = config;
    this.#registryId = registryId;
    this.#topics = topics;
    this.#signingKey = signingKey;
    this.#traces = new SentTraces(tracer);
  }

  /** Connects, however long Kafka takes to answer, and stays connected until the signal aborts. Until it is, every call throws BackendError. */
  run(signal: AbortSignal): Promise<void> {
    return this.#producer.run(signal);
  }

  disconnect(): Promise<void> {
    return this.#producer.disconnect();
  }

  /** Flat, since real nodes read `target_node_id` and `correlation_id` at the top level and take an absent target for a broadcast. */
  async requestIntrospection(requests: readonly IntrospectionRequest[]): Promise<void> {
    const messages = requests.map(({ correlationId, reason, targetNodeId, targetNodeTypes, requestedAt, traceparent }) => {
      const requested = new Date(requestedAt).toISOString();
      const value: IntrospectionRequestValue = {
        event_type: 'REGISTRY_REQUEST_INTROSPECTION',
        registry_id: this.#registryId(),
        request_timestamp: requested,
        reason,
        ...(targetNodeId === null ? {} : { target_node_id: targetNodeId }),
        ...(targetNodeTypes === null ? {} : { target_node_types: [...targetNodeTypes] }),
        correlation_id: correlationId,
        timestamp: requested,
      };
      return { ...this.#message(value.event_type, targetNodeId, correlationId, value), traceparent };
    });
    await this.#sendToEach(this.#config.topics.request, messages);
  }

  async accept(accepted: readonly Accepted[]): Promise<void> {
    const messages = accepted.map(({ nodeId, consulServiceId, cursor, correlationId, acceptedAt, traceparent }) => {
      const value: RegistrationAcceptedValue = {
        event_type: 'NODE_REGISTRATION_ACCEPTED',
        entity_id: nodeId,
        node_id: nodeId,
        correlation_id: correlationId,
        consul_service_id: consulServiceId,
        cursor: printCursor(cursor),
        timestamp: new Date(acceptedAt).toISOString(),
      };
      return { ...this.#message(value.event_type, nodeId, correlationId, value), traceparent };
    });
    await this.#sendToEach(this.#config.topics.accepted, messages);
  }

  /** Compacted by node id: the latest value is the node as it is, a null value means it left. */
  async publishChanges(changes: readonly Change[]): Promise<void> {
    const messages = changes.map((change) => {
      const { type, nodeId, correlationId, traceparent } = change;
      const value = type === 'REMOVED' ? null : changeValue(change, type);
      return { ...this.#message(`NODE_${type}`, nodeId, correlationId, value), traceparent };
    });
    await this.#sendToEach([this.#config.topics.changes], messages);
  }

  async deadLetter(letters: readonly DeadLetter[]): Promise<void> {
    const messages = letters.map((letter) => {
      const { key, value } = deadLetterMessage(letter);
      return { ...this.#message('REGISTRY_DEAD_LETTER', null, letter.rejection.correlationId, value), key };
    });
    await this.#sendToEach([this.#config.topics.deadLetter], messages);
  }

  #message(eventType: string, key: string | null, correlationId: string | null, value: object | null): Outgoing {
    return {
      key,
      value: value === null ? null : JSON.stringify(value),
      headers: {
        content_type: 'application/json',
        event_type: eventType,
        source: `discovery-gateway/${this.#registryId()}`,
        ...(correlationId === null ? {} : { correlation_id: correlationId }),
      },
    };
  }

  async #sendToEach(topics: readonly string[], messages: readonly Outgoing[]): Promise<void> {
    if (messages.length === 0) return;
    if (!this.#topics.isKnown()) throw new BackendError('kafka', 'Kafka has not answered yet');
    for (const topic of topics) {
      if (!this.#topics.has(topic)) continue;
      for (const batch of batches(messages)) {
        await this.#traces.around(topic, batch, (traced) => this.#send(topic, this.#signed(topic, traced)));
      }
    }
  }

  #signed(topic: string, messages: Outgoing[]): Message[] {
    const key = this.#signingKey;
    if (key === null) return messages;
    return messages.map((message) => ({
      ...message,
      headers: { ...message.headers, [SIGNATURE_HEADER]: sign(key, { topic, key: bytesOf(message.key), value: bytesOf(message.value) }) },
    }));
  }

  async #send(topic: string, messages: Message[]): Promise<void> {
    const failed = `Kafka did not take ${messages.length} messages for ${topic}`;
    let isSettled = false;
    const sending = this.#producer.send({ topic, messages, acks: -1 }).finally(() => {
      isSettled = true;
    });
    try {
      await atMost(SEND_DEADLINE, sending);
    } catch (error) {
      throw new BackendError('kafka', `${failed}: ${messageOf(error)}`, { cause: error });
    }
    if (isSettled) return;
    const settled = sending.then(
      () => undefined,
      () => undefined,
    );
    throw new UnsettledError('kafka', `${failed}: no answer within ${SEND_DEADLINE} ms`, settled);
  }
}

function bytesOf(part: string | Buffer | null): Buffer | null {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

function changeValue(change: Change, type: Exclude<LoggedChangeType, 'REMOVED'>): RegistrationChangeValue {
  const { cursor, node, reason, changedFields, correlationId, occurredAt } = change;
  return {
    event_type: `NODE_${type}`,
    cursor: printCursor(cursor),
    node_id: node.nodeId,
    reason,
    changed_fields: [...changedFields],
    correlation_id: correlationId,
    timestamp: new Date(occurredAt).toISOString(),
    node: {
      node_id: node.nodeId,
      node_name: node.name,
      node_type: node.type,
      node_version: node.version,
      state: node.state,
      health_status: node.health,
      service_name: node.serviceName,
      consul_service_id: node.consulServiceId,
      address: node.address,
      port: node.port,
      capabilities: [...node.capabilities],
      endpoints: Object.fromEntries(node.endpoints.map(({ name, url }) => [name, url])),
      environment: node.environment,
    },
  };
}

function* batches(messages: readonly Outgoing[]): Generator<Outgoing[]> {
  let batch: Outgoing[] = [];
  let size = 0;
  for (const message of messages) {
    const bytes = message.value === null ? 100 : Buffer.byteLength(message.value) + 500;
    if (batch.length > 0 && size + bytes > MAX_BATCH_BYTES) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(message);
    size += bytes;
  }
  if (batch.length > 0) yield batch;
}
