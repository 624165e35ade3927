import type { NodeEvent } from '../../../../src/events/announcement.ts';
import type { Incoming, IncomingBatch } from '../../../../src/registry/ingest.ts';
import { position, TOPIC } from './messages.ts';

/** A message with this event at this offset. */
export function incoming(event: NodeEvent, offset: number, partition = 0): Incoming {
  return {
    position: position(offset, partition),
    key: Buffer.from(`key ${offset}`),
    value: Buffer.from(`value ${offset}`),
    event,
    traceparent: null,
    excerpt: () => `excerpt ${offset}`,
  };
}

/** A batch of partition 0 with these events, from this offset on. */
export function batch(events: readonly NodeEvent[], from = 0): IncomingBatch {
  return {
    topic: TOPIC,
    partition: 0,
    messages: events.map((event, index) => incoming(event, from + index)),
    nextOffset: String(from + events.length),
  };
}
