import type { Batch } from 'kafkajs';
import type { Meaning } from '../events/event-kind.ts';
import { excerptOf } from '../events/excerpt.ts';
import { type ParseRules, parseMessage } from '../events/parse-message.ts';
import type { Incoming, IncomingBatch } from '../registry/ingest.ts';
import type { RegistryObserver } from '../registry/observer.ts';

/** What the messages of one fetched batch say. Never throws: what cannot be understood is an event of its own. */
export function readBatch(batch: Batch, meaning: Meaning, rules: ParseRules): IncomingBatch {
  const messages = batch.messages.map(({ offset, key, value, timestamp, headers }): Incoming => {
    const texts: Record<string, string> = {};
    for (const [name, header] of Object.entries(headers ?? {})) {
      const first = Array.isArray(header) ? header[0] : header;
      if (first !== undefined) texts[name] = first.toString();
    }
    return {
      position: { topic: batch.topic, partition: batch.partition, offset },
      key,
      value,
      event: parseMessage({ topic: batch.topic, key, value, headers: texts, timestamp: Number(timestamp) }, meaning, rules),
      traceparent: texts['traceparent'] ?? null,
      excerpt: () => excerptOf(value),
    };
  });
  return { topic: batch.topic, partition: batch.partition, messages, nextOffset: String(BigInt(batch.lastOffset()) + 1n) };
}

export interface ReadingOptions {
  readonly rules: ParseRules;
  readonly observer: Pick<RegistryObserver, 'received'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The same, and the observer is told. */
export function readObserved(batch: Batch, meaning: Meaning, { rules, observer, now }: ReadingOptions): IncomingBatch {
  const startedAt = performance.now();
  const incoming = readBatch(batch, meaning, rules);
  const [first] = batch.messages;
  observer.received(incoming, { startedAt, endedAt: performance.now() }, first === undefined ? 0 : now() - Number(first.timestamp));
  return incoming;
}
