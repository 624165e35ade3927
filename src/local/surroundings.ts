import type { Guard } from './guard.ts';
import type { Progress } from './progress.ts';

/** What every part of the stack is given. */
export type Surroundings = {
  readonly env: NodeJS.ProcessEnv;
  readonly guard: Guard;
  readonly progress: Progress;
  /** Data, logs and generated configuration, one folder per part. */
  readonly folder: string;
  /** The data is thrown away at the end: nothing has to survive a crash of the machine. */
  readonly temporary: boolean;
  /** Ends fetching and building. */
  readonly signal: AbortSignal;
};
