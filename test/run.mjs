/*
 * `npm test`: every test, or what the arguments choose (they go to vitest). Its last line is `N passed, N failed`, whatever
 * happened: what failed beside the tests (a suite that did not load, a service that did not start, a crash) counts as failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'discovery-gateway-counts-'));
const countsFile = join(folder, 'counts.json');

const vitest = spawn(
  process.execPath,
  [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    `--reporter=${join(root, 'test', 'reporter.ts')}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_COUNTS_FILE: countsFile } },
);
// A Ctrl-C reaches vitest by itself; it stops its services, and the line below comes after that.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => vitest.kill('SIGTERM'));

const [code, signal] = await once(vitest, 'close');
const { passed, failed } = counts();
rmSync(folder, { recursive: true, force: true });
if (signal !== null) console.error(`vitest was ended by ${signal}`);
// A failure that is no test's: of the global setup, of a coverage threshold, or of vitest itself.
const failures = code === 0 || failed > 0 ? failed : 1;
console.log(`${passed} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;

function counts() {
  try {
    return JSON.parse(readFileSync(countsFile, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { passed: 0, failed: 1 };
  }
}
