import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const run = fileURLToPath(new URL('../run.mjs', import.meta.url));

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What `npm test` says last, and its exit code, for a project of these files. */
function runOn(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { VITEST, VITEST_WORKER_ID, VITEST_POOL_ID, TEST, NODE_ENV, ...env } = process.env;
  const { stdout, status } = spawnSync(process.execPath, [run, `--root=${folder}`, '--globals'], { encoding: 'utf8', env });
  return { last: stdout.trimEnd().split('\n').at(-1), status };
}

it('should count what passed', () => {
  const passing = "it('a', () => {}); it('b', () => {}); it.skip('c', () => {});";
  expect(runOn({ 'a.test.js': passing })).toEqual({ last: '2 passed, 0 failed', status: 0 });
}, 30_000);

it('should count failed tests, suites that do not load, hooks that fail and errors that nobody caught', () => {
  const files = {
    'passes.test.js': "it('a', () => {});",
    'fails.test.js': "it('a', () => {}); it('b', () => { throw new Error('b'); });",
    'breaks.test.js': "import './nowhere.js'; it('a', () => {});",
    'hook.test.js': "describe('s', () => { afterAll(() => { throw new Error('hook'); }); it('a', () => {}); });",
    'uncaught.test.js':
      "it('a', async () => { setTimeout(() => { throw new Error('late'); }, 0); await new Promise((r) => setTimeout(r, 50)); });",
  };
  expect(runOn(files)).toEqual({ last: '4 passed, 4 failed', status: 1 });
}, 30_000);

it('should fail when nothing was run or the run broke down', () => {
  expect(runOn({})).toEqual({ last: '0 passed, 1 failed', status: 1 });
  const files = {
    'a.test.js': "it('a', () => {});",
    'setup.js': "export default () => { throw new Error('no service'); };",
    'vitest.config.js': "export default { test: { globalSetup: ['./setup.js'] } };",
  };
  expect(runOn(files)).toEqual({ last: '0 passed, 1 failed', status: 1 });
}, 30_000);
