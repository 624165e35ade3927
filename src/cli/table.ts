import stringWidth from 'string-width';
import { plainText } from './plain-text.ts';
import type { Colour, Printer } from './printer.ts';

export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string | Cell;
  /** Which columns give way on a narrow terminal: the highest first, and of equals the widest; those without never do. */
  readonly givesWay?: number;
}

const GAP = 2;
const CUT = '…';
/** Narrower no column becomes. */
const LEAST = 6;

/** The rows in aligned columns under their titles, as lines. On a terminal no line is longer than it is wide, as far as columns give way. */
export function tableLines<T>(columns: readonly Column<T>[], rows: readonly T[], printer: Pick<Printer, 'width' | 'paint'>): string[] {
  const cells = rows.map((row) => columns.map((column) => cellOf(column.cell(row))));
  const widths = columns.map(({ title }, index) =>
    cells.reduce((widest, line) => Math.max(widest, stringWidth(line[index]?.text ?? '')), stringWidth(title)),
  );
  if (printer.width !== null) narrow(columns, widths, printer.width);
  const titles = columns.map(({ title }): Cell => ({ text: title, colour: 'bold' }));
  return [titles, ...cells].map((line) =>
    line
      .map(({ text, colour }, index) => {
        const width = widths[index] ?? 0;
        const shown = cut(text, width);
        const padding = index === line.length - 1 ? '' : ' '.repeat(width - stringWidth(shown) + GAP);
        return `${colour === undefined ? shown : printer.paint(colour, shown)}${padding}`;
      })
      .join('')
      .trimEnd(),
  );
}

function cellOf(value: string | Cell): Cell {
  const cell = typeof value === 'string' ? { text: value } : value;
  return { ...cell, text: plainText(cell.text) };
}

/** Makes columns narrower until a line fits: those that give way first, and of equals the widest. */
function narrow<T>(columns: readonly Column<T>[], widths: number[], available: number): void {
  let tooMuch = widths.reduce((sum, width) => sum + width + GAP, -GAP) - available;
  for (const rank of [...new Set(columns.map(({ givesWay = 0 }) => givesWay))].toSorted((a, b) => b - a)) {
    while (rank > 0 && tooMuch > 0) {
      const [widest] = columns
        .map(({ givesWay, title }, index) => ({ givesWay, index, spare: (widths[index] ?? 0) - Math.max(LEAST, stringWidth(title)) }))
        .filter(({ givesWay, spare }) => givesWay === rank && spare > 0)
        .toSorted((a, b) => (widths[b.index] ?? 0) - (widths[a.index] ?? 0));
      if (widest === undefined) break;
      widths[widest.index] = (widths[widest.index] ?? 0) - 1;
      tooMuch -= 1;
    }
  }
}

/** The text in so many columns of the terminal, and a mark where something is missing. Never through a character. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}${CUT}`;
}
