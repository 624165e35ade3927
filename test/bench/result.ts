import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { z } from 'zod';
import { isMet, type Measurement, type Row, ratioOf } from './row.ts';

/** What came of one row. */
export interface Result {
  readonly row: string;
  readonly title: string;
  readonly measurements: readonly Measurement[];
  /** Why it could not be measured; null: it was. */
  readonly error: string | null;
}

export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly scale: number;
  readonly rounds: number;
}

export function failed({ name: row, title }: Row, error: string): Result {
  return { row, title, measurements: [], error };
}

/** Where and on what it was measured. */
export function circumstances(consul: string, options: { readonly scale: number; readonly rounds: number }): Circumstances {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}`,
    versions: { node: process.versions.node, consul },
    ...options,
  };
}

/** As it is written to the file: everything that the table says, and what it was measured on. */
export function report(where: Circumstances, results: readonly Result[]) {
  return {
    ...where,
    rows: results.map(({ measurements, ...row }) => ({
      ...row,
      measurements: measurements.map((measurement) => {
        const { bar, yardstick, ...figure } = measurement;
        return {
          ...figure,
          yardstick: yardstick ?? null,
          ratio: ratioOf(measurement),
          bar: bar?.text ?? null,
          met: isMet(measurement),
        };
      }),
    })),
  };
}

/** The version of the Consul at this address. */
export async function consulVersion({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
  const response = await fetch(`http://${host}:${port}/v1/agent/self`);
  return z.object({ Config: z.object({ Version: z.string() }) }).parse(await response.json()).Config.Version;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    // A tarball is no repository.
    return 'unknown';
  }
}
