/** What a figure is held against. */
export interface Bar {
  readonly text: string;
  /** `ratio` is the figure by its yardstick; null where there is none. */
  readonly isMet: (figure: number, ratio: number | null) => boolean;
}

export const atMost = (limit: number): Bar => ({ text: `≤ ${limit}`, isMet: (figure) => figure <= limit });

export const atLeast = (limit: number): Bar => ({ text: `≥ ${limit}`, isMet: (figure) => figure >= limit });

export const ratioAtLeast = (limit: number): Bar => ({ text: `≥ ${limit} ×`, isMet: (_figure, ratio) => ratio !== null && ratio >= limit });

export const ratioAtMost = (limit: number): Bar => ({ text: `≤ ${limit} ×`, isMet: (_figure, ratio) => ratio !== null && ratio <= limit });

export const either = (...bars: readonly Bar[]): Bar => ({
  text: bars.map(({ text }) => text).join(' or '),
  isMet: (figure, ratio) => bars.some((bar) => bar.isMet(figure, ratio)),
});
