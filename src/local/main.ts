import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';
import { lineProgress } from './progress.ts';
import { listenForStop } from './stop-request.ts';
import { tryIt } from './try-it.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const progress = lineProgress((line) => process.stdout.write(line), Date.now);

// The guard takes down what still runs when this process is gone.
const { signal, close } = listenForStop(Date.now, () => process.exit(130));
try {
  await tryIt({
    root: path('../../'),
    env: process.env,
    gateway: path('../main.ts'),
    samples: path('./sample-main.ts'),
    progress,
    signal,
  });
} catch (error) {
  // Ctrl-C while something was still starting is no failure.
  if (error !== signal.reason) {
    process.exitCode = 1;
    process.stderr.write(`\n${messageOf(error)}\n`);
  }
} finally {
  close();
}
