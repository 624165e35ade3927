import type { MessagePosition } from '../events/announcement.ts';
import type { OrderStep, RegistryObserver, Step, Work } from './observer.ts';

/** Told of a step once it is over. */
type Tell<S> = (step: S, work: Work) => void;

/** Does the work and tells the observer how long it took, and with what it failed. Throws what the work throws. */
export function observedStep<T>(
  observer: RegistryObserver,
  step: Step,
  positions: readonly MessagePosition[],
  work: () => Promise<T>,
): Promise<T> {
  return timed((each, took) => observer.step(each, positions, took), step, work);
}

/** The same for a transaction, whose `work` lies between two steps: until the locks and rows are there, and writing with COMMIT. */
export function observedTransaction<L, W, T>(
  observer: RegistryObserver,
  positions: readonly MessagePosition[],
  work: (locked: L) => Promise<W>,
  transact: (timed: (locked: L) => Promise<W>) => Promise<T>,
): Promise<T> {
  return timedTransaction((step, took) => observer.step(step, positions, took), work, transact);
}

/** What is done for an operator, step by step, in the trace of the operation; without one nobody is told. */
export class ObservedOrder {
  readonly #tell: Tell<OrderStep>;

  constructor(observer: RegistryObserver, traceparent: string | null | undefined) {
    this.#tell = traceparent ? (step, took) => observer.ordered(step, traceparent, took) : () => undefined;
  }

  step<T>(step: OrderStep, work: () => Promise<T>): Promise<T> {
    return timed(this.#tell, step, work);
  }

  transaction<L, W, T>(work: (locked: L) => Promise<W>, transact: (timed: (locked: L) => Promise<W>) => Promise<T>): Promise<T> {
    return timedTransaction(this.#tell, work, transact);
  }
}

async function timed<S, T>(tell: Tell<S>, step: S, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    const result = await work();
    tell(step, { startedAt, endedAt: performance.now() });
    return result;
  } catch (error) {
    tell(step, { startedAt, endedAt: performance.now(), error });
    throw error;
  }
}

async function timedTransaction<L, W, T>(
  tellStep: Tell<'lock' | 'commit'>,
  work: (locked: L) => Promise<W>,
  transact: (timed: (locked: L) => Promise<W>) => Promise<T>,
): Promise<T> {
  let step: 'lock' | 'commit' | null = 'lock';
  let startedAt = performance.now();
  const tell = (error?: unknown) => {
    if (step !== null) tellStep(step, { startedAt, endedAt: performance.now(), error });
    step = null;
  };
  try {
    const result = await transact(async (locked) => {
      tell();
      const worked = await work(locked);
      step = 'commit';
      startedAt = performance.now();
      return worked;
    });
    tell();
    return result;
  } catch (error) {
    tell(error);
    throw error;
  }
}
