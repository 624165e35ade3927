/* Runs what `npm start` runs, with the programs named in the environment: a process of its own, for signals and kill -9. */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/errors.ts';
import { lineProgress } from '../../src/local/progress.ts';
import { listenForStop } from '../../src/local/stop-request.ts';
import { tryIt } from '../../src/local/try-it.ts';

const { signal, close } = listenForStop(Date.now, () => process.exit(130));
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
try {
  await tryIt({
    root: path('../../'),
    env: process.env,
    gateway: process.env['TEST_GATEWAY'] ?? path('./try-it.program.ts'),
    samples: path('./try-it.program.ts'),
    progress: lineProgress((line) => process.stdout.write(line), Date.now),
    signal,
  });
} catch (error) {
  if (error !== signal.reason) {
    process.exitCode = 1;
    process.stderr.write(`${messageOf(error)}\n`);
  }
} finally {
  close();
}
