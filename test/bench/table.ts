import type { Result } from './result.ts';
import { isMet, type Measurement, ratioOf } from './row.ts';

const HEADINGS = ['what', 'figure', 'yardstick', 'ratio', 'bar', 'met'] as const;

/** For a terminal. */
export function textTable(results: readonly Result[]): string {
  const rows = [HEADINGS, ...results.flatMap((result) => lines(result))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** For the README. */
export function markdownTable(results: readonly Result[]): string {
  const rows = [HEADINGS, HEADINGS.map(() => '---'), ...results.flatMap((result) => lines(result))];
  return rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
}

function lines({ row, title, measurements, error }: Result): (readonly string[])[] {
  if (error !== null) return [[`${row}: ${title}`, '', '', '', '', `failed: ${error.split('\n')[0]}`]];
  return measurements.map((measurement) => lineOf(row, measurement));
}

function lineOf(row: string, measurement: Measurement): readonly string[] {
  const { what, figure, unit, yardstick, bar } = measurement;
  const ratio = ratioOf(measurement);
  const met = isMet(measurement);
  return [
    `${row}: ${what}`,
    `${printed(figure)} ${unit}`,
    yardstick === undefined ? '' : `${printed(yardstick.figure)} ${unit} (${yardstick.what})`,
    ratio === null ? '' : ratio.toFixed(2),
    bar?.text ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ];
}

/** Three digits are what can be repeated. */
function printed(figure: number): string {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en-US');
  return String(Number(figure.toPrecision(3)));
}
