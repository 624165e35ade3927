import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export interface Screen extends Writable {
  readonly isTTY?: boolean;
  /** Characters that fit into a line, of a terminal. */
  readonly columns?: number;
}

export interface Keyboard extends Readable {
  readonly isTTY?: boolean;
}

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Where the program runs: what it reads, writes and hears. Tests hand in others. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Keyboard;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Listens from now on, in place of what a signal does by itself. Returns what ends it. */
  readonly onSignal: (listener: (signal: Signal) => void) => () => void;
}
