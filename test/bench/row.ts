import type { Bar } from './bar.ts';
import type { Rig } from './rig.ts';

export type Unit = 'ms' | 'µs' | 's' | '/s' | 'MB' | 'bytes' | '%' | 'calls' | 'messages' | 'nodes';

/** One line of the table. */
export interface Measurement {
  readonly what: string;
  readonly figure: number;
  readonly unit: Unit;
  /** Measured in the same run, in the same unit. */
  readonly yardstick?: { readonly what: string; readonly figure: number };
  /** Left out where the figure only explains another. */
  readonly bar?: Bar;
}

/** One thing that is measured. Its lines share a gateway. */
export interface Row {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  /** Throws where something does not come to pass at all; how long it takes is for the bars. */
  readonly measure: (rig: Rig) => Promise<readonly Measurement[]>;
}

export function ratioOf({ figure, yardstick }: Measurement): number | null {
  return yardstick === undefined || yardstick.figure === 0 ? null : figure / yardstick.figure;
}

/** null: it is held against nothing. */
export function isMet(measurement: Measurement): boolean | null {
  return measurement.bar?.isMet(measurement.figure, ratioOf(measurement)) ?? null;
}
