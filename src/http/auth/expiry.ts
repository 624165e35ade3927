/** What a timer of Node can wait at most; a longer one fires at once. Milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/** Calls at `time` (milliseconds since 1970 on the clock `now`), however far away it is. Returns what calls it off. */
export function atTime(time: number, now: () => number, call: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    const left = time - now();
    if (left <= 0) return call();
    timer = setTimeout(wait, Math.min(left, MAX_TIMER));
    // What is open keeps the process; this alone need not.
    timer.unref();
  };
  timer = setTimeout(wait, Math.min(Math.max(0, time - now()), MAX_TIMER));
  timer.unref();
  return () => clearTimeout(timer);
}
