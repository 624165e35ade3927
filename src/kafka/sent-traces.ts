import type { Span, Tracer } from '../tracer.ts';

/** A message that the gateway sends. */
export interface Outgoing {
  readonly key: string | Buffer | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** W3C trace context of what brought it about. */
  readonly traceparent?: string | undefined;
}

/** Hands traces on with the messages that belong to them. */
export class SentTraces {
  readonly #tracer: Tracer | null;

  /** null: traces that another gateway recorded are handed on, and nothing is recorded here. */
  constructor(tracer: Tracer | null) {
    this.#tracer = tracer;
  }

  /** Sends the messages with their traces in a header, each with a span of its own. Throws what `send` throws. */
  async around(topic: string, messages: readonly Outgoing[], send: (messages: Outgoing[]) => Promise<void>): Promise<void> {
    const spans: Span[] = [];
    const traced = messages.map(({ traceparent, ...message }): Outgoing => {
      if (traceparent === undefined) return message;
      const span = this.#begin(topic, message, traceparent);
      if (span !== null) spans.push(span);
      return { ...message, headers: { ...message.headers, traceparent: span?.traceparent ?? traceparent } };
    });
    const end = (error?: unknown) => {
      for (const span of spans) span.end(performance.now(), error);
    };
    try {
      await send(traced);
    } catch (error) {
      end(error);
      throw error;
    }
    end();
  }

  #begin(topic: string, { key }: Outgoing, parent: string): Span | null {
    if (this.#tracer === null) return null;
    return this.#tracer.start(`send ${topic}`, {
      kind: 'producer',
      parent,
      startedAt: performance.now(),
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.kafka.message.key': typeof key === 'string' ? key : undefined,
      },
    });
  }
}
