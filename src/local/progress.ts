/** Tells a person what is going on: one short line, of one part (`kafka`, `consul`, …). */
export type Progress = (part: string, message: string) => void;

/** One plain line per message with the seconds since the start: readable on any terminal, and in a file. */
export function lineProgress(write: (line: string) => void, now: () => number): Progress {
  const start = now();
  return (part, message) => {
    const seconds = ((now() - start) / 1000).toFixed(1).padStart(6);
    for (const line of message.split('\n')) write(`${seconds}s  ${part.padEnd(9)} ${line}\n`);
  };
}

/** Repeats `describe(seconds so far)` every `interval` milliseconds until the work is done, so that a long step is seen to go on. */
export async function withReminder<T>(
  work: Promise<T>,
  interval: number,
  now: () => number,
  describe: (seconds: number) => void,
): Promise<T> {
  const start = now();
  const timer = setInterval(() => describe(Math.round((now() - start) / 1000)), interval);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
