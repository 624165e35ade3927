import { z } from 'zod';
import { isMet, type Measurement, ratioOf } from './row.ts';

const line = z.object({
  what: z.string(),
  figure: z.number(),
  unit: z.string(),
  yardstick: z.object({ what: z.string(), figure: z.number() }).nullable(),
  ratio: z.number().nullable(),
  bar: z.string().nullable(),
  /** null: it is held against nothing. */
  met: z.boolean().nullable(),
});
export type Line = z.infer<typeof line>;

const reportedRow = z.object({
  row: z.string(),
  title: z.string(),
  measurements: z.array(line),
  /** Why it could not be measured; null: it was. */
  error: z.string().nullable(),
});
export type ReportedRow = z.infer<typeof reportedRow>;

/** What is written to the file: everything that the table says, and what it was measured on. */
export const report = z.object({
  date: z.string(),
  commit: z.string(),
  machine: z.string(),
  /** What the machine was busy with already: its load average over a minute, before. */
  loadBefore: z.number(),
  versions: z.record(z.string(), z.string()),
  scale: z.number(),
  rounds: z.number(),
  rows: z.array(reportedRow),
});
export type Report = z.infer<typeof report>;

export function lineOf(measurement: Measurement): Line {
  const { what, figure, unit, yardstick, bar } = measurement;
  const ratio = ratioOf(measurement);
  return { what, figure, unit, yardstick: yardstick ?? null, ratio, bar: bar?.text ?? null, met: isMet(measurement) };
}
