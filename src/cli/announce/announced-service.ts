import { setTimeout } from 'node:timers/promises';
import { NodeIntrospection, type NodeIntrospectionOptions } from '../../node/index.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { type Health, HealthWatch, type Observation } from './health-watch.ts';

/** What happens to the service, for whoever reads along. */
export interface ServiceEvent {
  readonly event: 'waiting' | 'announced' | 'registered' | 'health' | 'gone';
  readonly nodeId: string;
  readonly health: Health;
  readonly why: string;
}

export interface AnnouncedServiceOptions {
  readonly node: NodeIntrospectionOptions;
  /** Null: it counts as healthy while it lives. */
  readonly healthUrl: string | null;
  /** Milliseconds. */
  readonly healthInterval: number;
  /** How long a service that starts may take until it answers; then it is announced all the same. Milliseconds. */
  readonly patience: number;
  readonly tell: (event: ServiceEvent) => void;
}

/** Between two looks at a service that starts. Milliseconds. */
const LOOK = 250;

/** A service that does not know of the registry, with somebody who announces it, watches it, and says goodbye for it. */
export class AnnouncedService {
  readonly #options: AnnouncedServiceOptions;
  readonly #node: NodeIntrospection;
  readonly #watch: HealthWatch | null;

  /** Throws CliError for what the gateway would reject. */
  constructor(options: AnnouncedServiceOptions) {
    const { healthUrl, healthInterval, node } = options;
    this.#options = options;
    this.#watch = healthUrl === null ? null : new HealthWatch(healthUrl, healthInterval);
    try {
      this.#node = new NodeIntrospection({
        ...node,
        health: () => this.#health(),
        onAccepted: () => this.#tell('registered', 'the gateway says so'),
      });
    } catch (error) {
      if (error instanceof RangeError) throw new CliError(EXIT.usage, error.message);
      throw error;
    }
  }

  /** From the first announcement to the goodbye, which the signal asks for. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#waitForAnswer(signal);
    if (signal.aborted) return;
    const isOut = await this.#node.start();
    if (isOut) this.#tell('announced', 'on Kafka');
    else this.#tell('waiting', 'Kafka took no announcement yet; it is tried again');
    if (this.#watch === null) await untilAborted(signal);
    else await this.#watch.follow((seen) => this.#changed(seen), signal);
    await this.#node.stop();
    this.#tell('gone', 'said goodbye');
  }

  async #waitForAnswer(signal: AbortSignal): Promise<void> {
    const watch = this.#watch;
    if (watch === null) return;
    const end = performance.now() + this.#options.patience;
    let seen = await watch.begin(signal);
    if (seen.health === 'unhealthy') this.#tell('waiting', `${this.#options.healthUrl}: ${seen.why}`);
    while (seen.health === 'unhealthy' && performance.now() < end && !signal.aborted) {
      await setTimeout(LOOK);
      seen = await watch.begin(signal);
    }
  }

  async #changed({ why }: Observation): Promise<void> {
    this.#tell('health', why);
    await this.#node.publishIntrospection('health_change');
  }

  #health(): Health {
    return this.#watch?.health ?? 'healthy';
  }

  #tell(event: ServiceEvent['event'], why: string): void {
    this.#options.tell({ event, nodeId: this.#node.nodeId, health: this.#health(), why });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
