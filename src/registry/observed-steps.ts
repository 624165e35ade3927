import type { MessagePosition } from '../events/announcement.ts';
import type { RegistryObserver, Step } from './observer.ts';

/** Does the work and tells the observer how long it took, and with what it failed. Throws what the work throws. */
export async function observedStep<T>(
  observer: RegistryObserver,
  step: Step,
  positions: readonly MessagePosition[],
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const tell = (error?: unknown) => observer.step(step, positions, { startedAt, endedAt: performance.now(), error });
  try {
    const result = await work();
    tell();
    return result;
  } catch (error) {
    tell(error);
    throw error;
  }
}

/** The same for a transaction, whose `work` lies between two steps: until the locks and rows are there, and writing with COMMIT. */
export async function observedTransaction<L, W, T>(
  observer: RegistryObserver,
  positions: readonly MessagePosition[],
  work: (locked: L) => Promise<W>,
  transact: (timed: (locked: L) => Promise<W>) => Promise<T>,
): Promise<T> {
  let step: Step | null = 'lock';
  let startedAt = performance.now();
  const tell = (error?: unknown) => {
    if (step !== null) observer.step(step, positions, { startedAt, endedAt: performance.now(), error });
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
