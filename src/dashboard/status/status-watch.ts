import { Cell } from '../gateway/cell.ts';
import { Fault } from '../gateway/fault.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { type RegistryStatus, STATUS, type Viewer } from './status-shape.ts';

export interface Standing {
  /** The last answer; null before the first. */
  readonly status: RegistryStatus | null;
  readonly viewer: Viewer | null;
  /** Why the last try failed; null when it did not. */
  readonly fault: Fault | null;
}

export interface StatusWatchParts {
  readonly gateway: Pick<Gateway, 'ask'>;
  /** Whether somebody may be looking. */
  readonly isVisible: () => boolean;
}

/** Milliseconds. */
const EVERY = 2000;

const NOTHING: Standing = { status: null, viewer: null, fault: null };

/** How the gateway stands, asked every two seconds while the page is to be seen. */
export class StatusWatch {
  readonly standing = new Cell<Standing>(NOTHING);
  readonly #parts: StatusWatchParts;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Grows when an answer that is still on its way stops counting. */
  #life = 0;
  #isAsking = false;

  constructor(parts: StatusWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    clearInterval(this.#timer);
    void this.look();
    this.#timer = setInterval(() => this.#parts.isVisible() && void this.look(), EVERY);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#life += 1;
    this.#isAsking = false;
  }

  forget(): void {
    this.stop();
    this.standing.set(NOTHING);
  }

  /** Never rejects. */
  async look(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const life = this.#life;
    try {
      const { registryStatus, viewer } = await this.#parts.gateway.ask(STATUS);
      if (life === this.#life) this.standing.set({ status: registryStatus, viewer, fault: null });
    } catch (error) {
      const fault = error instanceof Fault ? error : new Fault('INTERNAL', String(error));
      if (life === this.#life) this.standing.set({ ...this.standing.get(), fault });
    } finally {
      if (life === this.#life) this.#isAsking = false;
    }
  }
}
