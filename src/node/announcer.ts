import type { JsonObject } from '../events/json.ts';
import type { SigningKey } from '../events/signature.ts';
import { fitAnnouncement, MESSAGE_LIMIT } from './announcement-size.ts';
import { type EventType, envelope, kafkaMessage, type Payload, platformEnvelope } from './envelope.ts';
import { messageOf } from './error-message.ts';
import { changeBetween, type Fingerprint, fingerprintOf } from './fingerprint.ts';
import type { Identity } from './identity.ts';
import type { Accepted } from './incoming.ts';
import type { NodeLogger } from './node-logger.ts';
import type { Occasion } from './owed-announcement.ts';
import type { NodeProfile } from './profile.ts';
import type { Publisher } from './publisher.ts';
import { UsageMeter } from './resources.ts';
import { signed } from './signed.ts';
import { isoMicroseconds, type Stamps } from './stamps.ts';
import type { Generation, NodeTopics } from './topics.ts';
import type { TraceContext } from './trace-context.ts';
import type { Workload } from './workload.ts';

export interface AnnouncerParts {
  readonly identity: Identity;
  readonly profile: NodeProfile;
  readonly workload: Workload;
  readonly activeOperations: () => number;
  readonly publisher: Publisher;
  /** null: messages are not signed. */
  readonly signingKey: SigningKey | null;
  readonly topics: NodeTopics;
  readonly generation: Generation;
  readonly epoch: number;
  readonly stamps: Stamps;
  readonly newId: () => string;
  readonly logger: NodeLogger;
}

/** What a node says during one life. Every method says whether Kafka took the message, and none throws. */
export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #usage = new UsageMeter();
  #announced: Fingerprint | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #warnedOfSize = '';

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  /** Whether this life was announced yet. */
  get announced(): boolean {
    return this.#announced !== null;
  }

  /**
   * Announces what the node is now. One announcement after the other: were two gathered side by side, the one with the older content
   * could get the later time, and win.
   */
  announce(occasion: Occasion): Promise<boolean> {
    const announcement = this.#tail.then(() => this.#announce(occasion));
    this.#tail = announcement;
    return announcement;
  }

  /** With which reason to announce again, because what was announced is no longer so; null when it is. */
  async changeToAnnounce(fresh: boolean): Promise<'capability_change' | 'config_update' | null> {
    if (this.#announced === null) return null;
    try {
      return changeBetween(this.#announced, fingerprintOf(await this.#parts.profile.content(fresh)));
    } catch (error) {
      this.#parts.logger.warn({ error: messageOf(error) }, 'cannot tell whether the node changed');
      return null;
    }
  }

  async heartbeat(): Promise<boolean> {
    const { identity, profile, workload, topics } = this.#parts;
    const lastActivityAt = workload.lastActivityAt;
    const fields: JsonObject = {
      node_id: identity.nodeId,
      node_type: identity.nodeType,
      uptime_seconds: workload.uptimeSeconds(),
      active_operations: this.#parts.activeOperations(),
      resource_usage: this.#usage.read(),
      ...(lastActivityAt === null ? {} : { last_activity_timestamp: isoMicroseconds(Math.floor(lastActivityAt * 1000)) }),
    };
    const health = await profile.health();
    const payload = this.#stamped(health === undefined ? fields : { ...fields, health_status: health });
    return this.#send(topics.heartbeat, 'NODE_HEARTBEAT', payload, this.#inEnvelope('NODE_HEARTBEAT', payload));
  }

  /** Says that the node goes, after what is being announced: who it is and no more, so that no function of the node can hold it up. */
  goodbye(trace: TraceContext): Promise<boolean> {
    return this.#tail.then(() => {
      const { identity, topics, epoch } = this.#parts;
      const payload = this.#stamped({ node_id: identity.nodeId, node_type: identity.nodeType, reason: 'shutdown', epoch });
      return this.#send(topics.introspection, 'NODE_INTROSPECTION', payload, this.#inEnvelope('NODE_INTROSPECTION', payload), trace);
    });
  }

  /** Tells the gateway that this node knows of its registration. Always in the platform envelope: there is no other for it. */
  acknowledge(accepted: Accepted): Promise<boolean> {
    const { identity, newId, topics } = this.#parts;
    const payload = this.#stamped({ command_id: newId(), node_id: identity.nodeId }, accepted.correlationId ?? undefined);
    return this.#send(
      topics.acknowledgement,
      topics.acknowledgement,
      payload,
      JSON.stringify(platformEnvelope(identity, newId(), payload)),
    );
  }

  async #announce({ reason, correlationId, fresh, trace }: Occasion): Promise<boolean> {
    const { profile, topics, epoch, newId, generation, identity, logger } = this.#parts;
    try {
      const data = await profile.data(fresh);
      const payload = this.#stamped({ ...data, reason, epoch }, correlationId);
      const eventId = newId();
      const fitted = fitAnnouncement(payload, (fitting) => envelope(identity, generation, 'NODE_INTROSPECTION', eventId, fitting));
      this.#warnOfSize(fitted.leftOut, fitted.bytes);
      const sent = await this.#send(topics.introspection, 'NODE_INTROSPECTION', payload, fitted.value, trace);
      if (sent) {
        this.#announced = fingerprintOf(data);
        logger.debug({ reason, correlation_id: payload.correlation_id, bytes: fitted.bytes }, 'announced');
      }
      return sent;
    } catch (error) {
      logger.warn({ reason, error: messageOf(error) }, 'cannot gather what to announce');
      return false;
    }
  }

  #stamped(fields: JsonObject, correlationId: string = this.#parts.newId()): Payload {
    return { ...fields, timestamp: this.#parts.stamps.next(), correlation_id: correlationId };
  }

  #inEnvelope(eventType: EventType, payload: Payload): string {
    const { identity, generation, newId } = this.#parts;
    return envelope(identity, generation, eventType, newId(), payload);
  }

  #send(topic: string, eventType: string, payload: Payload, value: string, trace?: TraceContext): Promise<boolean> {
    const { identity, publisher, signingKey } = this.#parts;
    const message = kafkaMessage(identity, eventType, payload.correlation_id, value, trace);
    return publisher.send(topic, signingKey === null ? message : signed(topic, message, signingKey));
  }

  /** Once for each set of parts: it would be the same line with every announcement. */
  #warnOfSize(leftOut: readonly string[], bytes: number): void {
    const warning = `${leftOut.join()} ${bytes >= MESSAGE_LIMIT}`;
    if (warning === this.#warnedOfSize) return;
    this.#warnedOfSize = warning;
    const details = { left_out: leftOut, bytes, limit: MESSAGE_LIMIT };
    if (bytes >= MESSAGE_LIMIT)
      this.#parts.logger.warn(details, 'announcements are larger than they should be: say less in capabilities or endpoints');
    else if (leftOut.length > 0) this.#parts.logger.warn(details, 'announcements leave out what does not fit');
  }
}
