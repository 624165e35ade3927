import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleWhen } from 'cockatiel';
import { type Backend, BackendError, ContentionError, messageOf } from './errors.ts';

/** So many failures in a row open the circuit. */
const FAILURES = 5;
/** How long it stays open before one call may try, doubling with jitter. Milliseconds. */
const HALF_OPEN_AFTER = { initialDelay: 1000, maxDelay: 15_000 };

export type CircuitPosition = 'closed' | 'open' | 'half_open';

const POSITIONS: Readonly<Record<CircuitState, CircuitPosition>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
};

/** The breaker around one back end: refuses at once while it is open, instead of queueing calls that would fail. */
export class Circuit {
  readonly backend: Backend;
  #policy;
  /** By the monotonic clock, milliseconds; null: it is not open. */
  #openedAt: number | null = null;
  #lastError: string | null = null;
  #lastSuccessAt: number | null = null;
  #isFailing = false;
  #since: number;
  readonly #now: () => number;
  readonly #onChange: (position: CircuitPosition) => void;

  constructor(backend: Backend, now: () => number, onChange: (position: CircuitPosition) => void) {
    this.backend = backend;
    this.#now = now;
    this.#since = now();
    this.#onChange = onChange;
    this.#policy = this.#breaker();
  }

  #breaker() {
    const policy = circuitBreaker(
      handleWhen((error) => isFailureOf(error, this.backend)),
      { halfOpenAfter: new ExponentialBackoff(HALF_OPEN_AFTER), breaker: new ConsecutiveBreaker(FAILURES) },
    );
    policy.onStateChange((state) => {
      this.#openedAt = state === CircuitState.Open ? performance.now() : null;
      // On its way to closed, in `recover`.
      if (state !== CircuitState.Isolated) this.#onChange(POSITIONS[state]);
    });
    return policy;
  }

  position(): CircuitPosition {
    return POSITIONS[this.#policy.state];
  }

  /** Whether the last call was answered. */
  isAvailable(): boolean {
    return this.#lastSuccessAt !== null && !this.#isFailing && this.position() === 'closed';
  }

  lastError(): string | null {
    return this.#lastError;
  }

  /** Milliseconds since 1970; null: never yet. */
  lastSuccessAt(): number | null {
    return this.#lastSuccessAt;
  }

  /** Since when it is, or is not, available: milliseconds since 1970. */
  since(): number {
    return this.#since;
  }

  /** Throws what the call throws, or BackendError at once while the circuit is open. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // cockatiel waits by the wall clock: put back by an hour, it would keep the circuit open for that hour.
    if (this.#openedAt !== null && performance.now() - this.#openedAt > 2 * HALF_OPEN_AFTER.maxDelay) {
      this.#openedAt = null;
      this.#policy = this.#breaker();
      this.#onChange('closed');
    }
    try {
      const result = await this.#policy.execute(call);
      this.#succeeded();
      return result;
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        throw new BackendError(
          this.backend,
          `${this.backend} is not asked while its circuit is open; it last failed with: ${this.#lastError ?? 'nothing'}`,
          { cause: error },
        );
      }
      if (isFailureOf(error, this.backend)) {
        this.#lastError = messageOf(error);
        if (!this.#isFailing) this.#since = this.#now();
        this.#isFailing = true;
      } else this.#succeeded();
      throw error;
    }
  }

  /** The back end answered somebody who asked past the circuit: it closes at once, and need not wait for its own next try. */
  recover(): void {
    this.#succeeded();
    if (this.#policy.state !== CircuitState.Closed) this.#policy.isolate().dispose();
  }

  #succeeded(): void {
    if (this.#isFailing || this.#lastSuccessAt === null) this.#since = this.#now();
    this.#lastSuccessAt = this.#now();
    this.#isFailing = false;
  }
}

function isFailureOf(error: unknown, backend: Backend): boolean {
  return error instanceof BackendError && error.backend === backend && !(error instanceof ContentionError);
}

/** The same object with the named methods behind the circuit. */
export function guarded<T extends object>(target: T, circuit: Circuit, methods: readonly (keyof T & string)[]): T {
  const names = new Set<string | symbol>(methods);
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      if (!names.has(name)) return (...args: unknown[]) => Reflect.apply(value, object, args);
      return (...args: unknown[]) => circuit.run(async () => Reflect.apply(value, object, args));
    },
  });
}
