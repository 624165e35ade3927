import type { MessagePosition } from '../events/announcement.ts';
import type { Incoming } from '../registry/ingest.ts';
import { type OrderStep, type RegistryObserver, type Step, UNOBSERVED, type Work } from '../registry/observer.ts';
import type { Attributes, Span, SpanKind, Tracer } from '../tracer.ts';

interface ShownStep {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** How the steps of a registration are named in a trace, and what they ask. */
const STEPS: Readonly<Record<Step, ShownStep>> = {
  parse: { name: 'parse', kind: 'internal', attributes: {} },
  probe: { name: 'probe endpoint', kind: 'client', attributes: {} },
  lock: {
    name: 'postgres lock and read',
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT', 'db.collection.name': 'node_registrations' },
  },
  consul: { name: 'consul register', kind: 'client', attributes: { 'service.peer.name': 'consul' } },
  commit: {
    name: 'postgres write and commit',
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'COMMIT', 'db.collection.name': 'registration_changes' },
  },
};

/** The same for what an operator orders. */
const ORDER_STEPS: Readonly<Record<OrderStep, ShownStep>> = {
  lock: STEPS.lock,
  consul: { ...STEPS.consul, name: 'consul deregister' },
  commit: STEPS.commit,
  record: {
    name: 'postgres record request',
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'INSERT', 'db.collection.name': 'introspection_requests' },
  },
};

interface Traced {
  /** From when the message was read until it is worked off, however often it is tried. */
  readonly message: Span;
  /** Of one try. */
  saga: Span | null;
}

/**
 * The trace of each announcement and goodbye, which goes on where the node began it: message → parse, saga → probe, Postgres, Consul. Those
 * that are worked off together have each step in a trace of their own. Heartbeats are too many, and take no saga.
 */
export class RegistrationSpans implements RegistryObserver {
  readonly #tracer: Tracer;
  readonly #consumerGroup: string;
  /** By the object: a message that comes again has another. */
  readonly #traced = new WeakMap<MessagePosition, Traced>();
  readonly arrived = UNOBSERVED.arrived;

  constructor(tracer: Tracer, consumerGroup: string) {
    this.#tracer = tracer;
    this.#consumerGroup = consumerGroup;
  }

  readonly received: RegistryObserver['received'] = ({ messages }, reading) => {
    for (const message of messages) {
      const { event, position, traceparent } = message;
      if (event.kind !== 'announcement' && event.kind !== 'goodbye' && event.kind !== 'rejection') continue;
      const { startedAt, endedAt } = reading;
      const span = this.#tracer.start(`process ${position.topic}`, {
        kind: 'consumer',
        parent: traceparent,
        startedAt,
        attributes: { ...this.#attributesOf(message), 'messaging.batch.message_count': messages.length > 1 ? messages.length : undefined },
      });
      this.#step(STEPS.parse, span.traceparent, { startedAt, endedAt });
      if (event.kind === 'rejection') span.end(endedAt, new RejectedMessage(event.errorType, event.reason));
      else this.#traced.set(position, { message: span, saga: null });
    }
  };

  readonly began: RegistryObserver['began'] = (positions, startedAt) => {
    for (const position of positions) {
      const traced = this.#traced.get(position);
      if (traced === undefined) continue;
      traced.saga = this.#tracer.start('saga', { kind: 'internal', parent: traced.message.traceparent, startedAt, attributes: {} });
    }
  };

  readonly step: RegistryObserver['step'] = (step, positions, { startedAt, endedAt, error }) => {
    for (const position of positions) {
      const saga = this.#traced.get(position)?.saga;
      if (saga) this.#step(STEPS[step], saga.traceparent, { startedAt, endedAt, error });
    }
  };

  readonly ended: RegistryObserver['ended'] = (end, positions, { endedAt, error }) => {
    for (const position of positions) {
      const traced = this.#traced.get(position);
      if (traced === undefined) continue;
      traced.saga?.set({ 'discovery_gateway.outcome': end });
      traced.saga?.end(endedAt, error);
      // The next try is another saga of the same message.
      if (end !== 'retried') traced.message.end(endedAt, error);
    }
  };

  readonly ordered: RegistryObserver['ordered'] = (step, traceparent, work) => this.#step(ORDER_STEPS[step], traceparent, work);

  readonly traceparentOf: RegistryObserver['traceparentOf'] = (position) => {
    const traced = this.#traced.get(position);
    return (traced?.saga ?? traced?.message)?.traceparent ?? null;
  };

  #step({ name, kind, attributes }: ShownStep, parent: string, { startedAt, endedAt, error }: Work): void {
    this.#tracer.start(name, { kind, parent, startedAt, attributes }).end(endedAt, error);
  }

  #attributesOf({ event, position: { topic, partition, offset } }: Incoming): Attributes {
    return {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': Number(offset),
      'messaging.consumer.group.name': this.#consumerGroup,
      'messaging.message.conversation_id': ('correlationId' in event ? event.correlationId : null) ?? undefined,
      'discovery_gateway.node.id':
        event.kind === 'announcement' ? event.content.nodeId : event.kind === 'goodbye' ? event.nodeId : undefined,
    };
  }
}

/** What a rejection is in a trace: its type, and why. */
class RejectedMessage extends Error {
  override readonly name: string;

  constructor(type: string, reason: string) {
    super(reason);
    this.name = type;
  }
}
