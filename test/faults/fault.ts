import type { Draw } from './draw.ts';

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  /** What it takes hold of: two faults of one round never share it. */
  readonly targets: readonly string[];
  /** Injects it and ends it. Resolves with what exactly happened, or null when it came to nothing. */
  readonly run: (draw: Draw) => Promise<string | null>;
}

/** For what a fault tells of itself. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
