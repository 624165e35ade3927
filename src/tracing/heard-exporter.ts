import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { messageOf } from '../errors.ts';
import { type Log, maskSecrets } from '../log.ts';

/** A collector that stays away is told of this often. Milliseconds. */
const AGAIN = 60_000;

export interface HeardExporterParts {
  readonly exporter: SpanExporter;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds, from any start, never backwards. */
  readonly now: () => number;
}

/** An exporter whose failures are in the log now and then: the SDK drops what the collector does not take, and says nothing. */
export class HeardExporter implements SpanExporter {
  readonly #parts: HeardExporterParts;
  #lost = 0;
  #toldAt: number | null = null;

  constructor(parts: HeardExporterParts) {
    this.#parts = parts;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#parts.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#succeeded();
      else this.#failed(spans.length, result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#parts.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#parts.exporter.shutdown();
  }

  #failed(spans: number, error: unknown): void {
    const { log, now } = this.#parts;
    this.#lost += spans;
    if (this.#toldAt !== null && now() - this.#toldAt < AGAIN) return;
    this.#toldAt = now();
    log.warn(
      { error: maskSecrets(messageOf(error ?? 'no reason')), lost: this.#lost },
      'the collector of traces takes none, they are dropped',
    );
  }

  #succeeded(): void {
    if (this.#toldAt === null) return;
    this.#parts.log.info({ lost: this.#lost }, 'the collector of traces is back');
    this.#toldAt = null;
    this.#lost = 0;
  }
}
