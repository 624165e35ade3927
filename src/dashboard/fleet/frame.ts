/** A hidden page draws no pictures; its title and its state go on all the same. Milliseconds. */
const AT_LATEST = 250;

/** Calls back once: before the next picture, or after a quarter of a second where none is drawn. */
export function nextFrame(callback: () => void): void {
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    callback();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, AT_LATEST);
}
