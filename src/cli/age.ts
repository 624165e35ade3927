const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** How long ago that was, in its largest unit: `5s`, `12m`, `3h`, `40d`. */
export function age(moment: Date, now: number): string {
  const seconds = Math.max(0, Math.round((now - moment.getTime()) / 1000));
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}
