import type { Circuit } from './circuit.ts';
import { delay } from './delay.ts';
import { BackendError } from './errors.ts';

/** While a circuit is not closed, its back end is asked this often; whoever waits for it goes on within a second. Milliseconds. */
const ASK = 500;
/** Where it answers the question and fails the work (a database that is read-only, say), the circuit opens again soon, and is left alone longer and longer. */
const SOON = 10_000;
const MAX_ASK = 15_000;

export interface RecoveryParts {
  readonly circuit: Circuit;
  /** A cheap question past the circuit. Throws BackendError when the back end is away. */
  readonly ask: () => Promise<unknown>;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * Closes a circuit as soon as its back end answers: by itself it would stay open for up to 15 s more, doubling, and work that waits for
 * it would wait on. Calls are still refused at once meanwhile, since the question goes past the circuit. Until the signal aborts.
 */
export async function recover({ circuit, ask, now }: RecoveryParts, signal: AbortSignal): Promise<void> {
  let wait = ASK;
  let recoveredAt = Number.NEGATIVE_INFINITY;
  let wasClosed = true;
  while (!signal.aborted) {
    const isClosed = circuit.position() === 'closed';
    if (wasClosed && !isClosed) wait = now() - recoveredAt < SOON ? Math.min(wait * 2, MAX_ASK) : ASK;
    wasClosed = isClosed;
    await delay(isClosed ? ASK : wait, signal);
    if (isClosed || signal.aborted || circuit.position() === 'closed') continue;
    try {
      await ask();
      circuit.recover();
      recoveredAt = now();
      wasClosed = true;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
    }
  }
}
