/** npm passes a Ctrl-C on to its child, which the terminal has sent it already: two signals within a second are one wish. */
const SAME_WISH_MS = 1000;

/**
 * Listens for SIGINT, SIGTERM and SIGHUP. The first aborts `signal`; one that comes more than a second later calls `onInsist`.
 * `close` stops listening.
 */
export function listenForStop(now: () => number, onInsist: () => void): { signal: AbortSignal; close: () => void } {
  const controller = new AbortController();
  let first: number | null = null;
  const heard = (name: NodeJS.Signals) => {
    if (first === null) {
      first = now();
      controller.abort(new Error(`stopped by ${name}`));
    } else if (now() - first > SAME_WISH_MS) {
      onInsist();
    }
  };
  const names: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, heard);
  return {
    signal: controller.signal,
    close: () => {
      for (const name of names) process.off(name, heard);
    },
  };
}
