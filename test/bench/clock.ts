/** Milliseconds since 1970 with their fractions, on the one clock of all processes of this machine. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}
