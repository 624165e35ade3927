import type { Line, Report, ReportedRow } from './report.ts';

const HEADINGS = ['what', 'figure', 'yardstick', 'ratio', 'bar', 'met'] as const;

/** For a terminal. */
export function textTable(rows: readonly ReportedRow[]): string {
  const lines = [HEADINGS, ...rows.flatMap(linesOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const padded = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return lines.map((line) => `${padded(line).join('  ').trimEnd()}\n`).join('');
}

/** For the README: what is held against a bar. */
export function markdownTable(rows: readonly ReportedRow[]): string {
  const barred = rows.map((row) => ({ ...row, measurements: row.measurements.filter(({ bar }) => bar !== null) }));
  const lines = [HEADINGS, HEADINGS.map(() => '---'), ...barred.flatMap(linesOf)];
  return lines.map((line) => `| ${line.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
}

/** When, where and on what, in one line. */
export function origin({ date, machine, loadBefore, versions, commit, rounds, scale }: Report): string {
  const products = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const sizes = scale === 1 ? '' : `, sizes × ${scale}`;
  return `${date.slice(0, 16)}Z; ${machine}, load ${loadBefore.toFixed(1)} before; ${products.join(', ')}; commit ${commit}; median of ${rounds}${sizes}\n`;
}

function linesOf({ row, title, measurements, error }: ReportedRow): (readonly string[])[] {
  if (error !== null) return [[`${row}: ${title}`, '', '', '', '', `failed: ${error.split('\n')[0]}`]];
  return measurements.map((line) => cells(row, line));
}

function cells(row: string, { what, figure, unit, yardstick, ratio, bar, met }: Line): readonly string[] {
  return [
    `${row}: ${what}`,
    `${printed(figure)} ${unit}`,
    yardstick === null ? '' : `${printed(yardstick.figure)} ${unit} (${yardstick.what})`,
    ratio === null ? '' : ratio.toFixed(2),
    bar ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ];
}

/** Three digits are what can be repeated. */
function printed(figure: number): string {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString('en-US');
  return String(Number(figure.toPrecision(3)));
}
