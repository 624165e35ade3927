import { setTimeout } from 'node:timers/promises';
import { EitherSignal } from '../../either-signal.ts';
import { messageOf } from '../../errors.ts';

export type Health = 'healthy' | 'degraded' | 'unhealthy';

export interface Observation {
  readonly health: Health;
  /** What was seen, such as `HTTP 503`. */
  readonly why: string;
}

/** One answer that fails may be chance; a service that fails so often in a row is not well. */
const FAILURES = 2;

/** Looks at a health endpoint again and again, judging as Consul does: 2xx is healthy, 429 degraded, all else unhealthy. */
export class HealthWatch {
  readonly #url: string;
  readonly #interval: number;
  #failures = 0;
  #health: Health = 'unhealthy';

  /** @param interval between two looks, and how long one may take: milliseconds */
  constructor(url: string, interval: number) {
    this.#url = url;
    this.#interval = interval;
  }

  get health(): Health {
    return this.#health;
  }

  /** Looks once; a failure counts at once. */
  async begin(signal: AbortSignal): Promise<Observation> {
    const seen = await this.#look(signal);
    this.#health = seen.health;
    return seen;
  }

  /** Tells each change, until the signal aborts. */
  async follow(onChange: (seen: Observation) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await setTimeout(this.#interval, undefined, { signal }).catch(unlessAborted(signal));
      if (signal.aborted) return;
      const seen = await this.#look(signal);
      if (signal.aborted) return;
      this.#failures = seen.health === 'unhealthy' ? this.#failures + 1 : 0;
      if (seen.health === this.#health || (seen.health === 'unhealthy' && this.#failures < FAILURES)) continue;
      this.#health = seen.health;
      await onChange(seen);
    }
  }

  async #look(signal: AbortSignal): Promise<Observation> {
    const either = new EitherSignal(signal, AbortSignal.timeout(this.#interval));
    try {
      const response = await fetch(this.#url, { redirect: 'manual', signal: either.signal });
      await response.body?.cancel();
      const health = response.ok ? 'healthy' : response.status === 429 ? 'degraded' : 'unhealthy';
      return { health, why: `HTTP ${response.status}` };
    } catch (error) {
      return { health: 'unhealthy', why: messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error) };
    } finally {
      either.end();
    }
  }
}

function unlessAborted(signal: AbortSignal) {
  return (error: unknown) => {
    if (!signal.aborted) throw error;
  };
}
