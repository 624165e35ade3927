import { ChangeStream } from './change-stream.ts';
import { DiscoveryError } from './errors.ts';
import { LiveOperation, type LiveOperationOptions, type Subject, type Verdict } from './live-operation.ts';
import type { RegistryEvent, WatchFilter } from './registry-event.ts';
import type { Operation, Session } from './session.ts';

export interface WatchOptions {
  /** Resume behind this cursor, that of the last event which was dealt with. Wins over `snapshot`. */
  readonly after?: string | null | undefined;
  /** Begin with everything that matches now. Default: false. */
  readonly snapshot?: boolean | undefined;
  /** Tell positions in silence too; whoever keeps cursors over restarts wants this with a narrow filter. Default: false. */
  readonly bookmarks?: boolean | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** How many events may wait to be read, at least 1; with more, the gateway is asked to stop, and to go on from there later. Default: 1,000. */
  readonly maxUnread?: number | undefined;
}

export interface WatchParts extends LiveOperationOptions {
  /** How long a gateway may take to answer. Milliseconds. */
  readonly timeout: number;
  readonly onEnd: (watch: Watch) => void;
}

/**
 * Events of the registry as an async iterator. Nothing is asked for before the first `next`; it ends with `return`, with the signal and with
 * the client, and throws only what would come again for ever.
 */
export class Watch implements AsyncGenerator<RegistryEvent, void, undefined>, Subject {
  readonly #options: WatchOptions;
  readonly #parts: WatchParts;
  readonly #stream: ChangeStream;
  readonly #live: LiveOperation;
  readonly #maxUnread: number;
  readonly #unread: RegistryEvent[] = [];
  readonly #readers: {
    readonly resolve: (result: IteratorResult<RegistryEvent, void>) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  readonly #stop = () => this.end();
  #state: 'new' | 'running' | 'paused' | 'ended' = 'new';
  #error: Error | null = null;

  constructor(parts: WatchParts, filter: WatchFilter, options: WatchOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#maxUnread = options.maxUnread ?? 1000;
    if (!(this.#maxUnread >= 1)) throw new DiscoveryError('BAD_USER_INPUT', 'option maxUnread: must be 1 or more');
    const { after = null, snapshot = false } = options;
    this.#stream = new ChangeStream({ filter, after, snapshot, timeout: parts.timeout, emit: (event) => this.#take(event) });
    this.#live = new LiveOperation(parts, this);
    if (options.signal?.aborted) this.end();
    else options.signal?.addEventListener('abort', this.#stop, { once: true });
  }

  next(): Promise<IteratorResult<RegistryEvent, void>> {
    const event = this.#unread.shift();
    if (event !== undefined) {
      if (this.#state === 'paused' && this.#unread.length <= this.#maxUnread / 2) {
        this.#state = 'running';
        this.#live.resume();
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#error !== null) {
      const error = this.#error;
      this.#error = null;
      return Promise.reject(error);
    }
    if (this.#state === 'ended') return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (this.#state !== 'new') return;
      this.#state = 'running';
      this.#live.start();
    });
  }

  return(): Promise<IteratorResult<RegistryEvent, void>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<RegistryEvent, void>> {
    this.end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
  }

  /** Ends the iteration, without what was not read yet. */
  end(): void {
    this.#unread.length = 0;
    this.#finish(null);
  }

  operation(session: Session): Promise<Operation> {
    return this.#stream.operation(session);
  }

  /** Of an answer of the gateway. Throws DiscoveryError for one that is not understood. */
  received(data: unknown): void {
    this.#stream.next(data);
  }

  failed(error: DiscoveryError): Verdict {
    const verdict = this.#stream.failed(error);
    if (verdict === 'end') this.#finish(error);
    return verdict;
  }

  refused(error: DiscoveryError): void {
    this.#finish(error);
  }

  #take(event: RegistryEvent): void {
    if (this.#state === 'ended' || (event.kind === 'bookmark' && this.#options.bookmarks !== true)) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event });
      return;
    }
    // Of bookmarks that nobody read only the last one counts.
    if (event.kind === 'bookmark' && this.#unread.at(-1)?.kind === 'bookmark') this.#unread.pop();
    this.#unread.push(event);
    if (this.#unread.length < this.#maxUnread || this.#state !== 'running') return;
    this.#state = 'paused';
    this.#live.pause();
  }

  #finish(error: Error | null): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#options.signal?.removeEventListener('abort', this.#stop);
    this.#live.stop();
    const [first, ...others] = this.#readers.splice(0);
    if (first === undefined || error === null) this.#error = error;
    if (error === null) first?.resolve({ done: true, value: undefined });
    else first?.reject(error);
    for (const reader of others) reader.resolve({ done: true, value: undefined });
    this.#parts.onEnd(this);
  }
}
