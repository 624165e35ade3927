import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../src/local/install.mjs', import.meta.url));

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'install-'));
  await mkdir(join(root, 'src', 'local'), { recursive: true });
  await mkdir(join(root, 'node_modules'));
  await copyFile(script, join(root, 'src', 'local', 'install.mjs'));
  // Stands for npm: writes down how it was called.
  await writeFile(
    join(root, 'npm.cjs'),
    "require('node:fs').writeFileSync('called', process.argv.slice(2).join(' ')); process.exit(Number(process.env.NPM_CODE ?? 0));",
  );
});

afterEach(() => rm(root, { recursive: true }));

type Packages = Record<string, { version?: string; optional?: true }>;

async function install(wanted: Packages | null, installed: Packages | null, code = 0) {
  if (wanted !== null) await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed !== null) await writeFile(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }));
  const result = spawnSync(process.execPath, [join(root, 'src', 'local', 'install.mjs')], {
    env: { ...process.env, npm_execpath: join(root, 'npm.cjs'), NPM_CODE: String(code) },
    encoding: 'utf8',
  });
  const called = await readFile(join(root, 'called'), 'utf8').catch(() => null);
  return { called, code: result.status, output: result.stdout + result.stderr };
}

const CI = 'ci --include=dev --no-audit --no-fund';
const pg = { 'node_modules/pg': { version: '8.1.0' } };

it('should install where nothing is installed, and say so', async () => {
  const { called, code, output } = await install(pg, null);
  expect([called, code]).toEqual([CI, 0]);
  expect(output).toContain('not installed yet');
});

it('should do nothing and say nothing when the lock file agrees', async () => {
  expect(await install(pg, pg)).toEqual({ called: null, code: 0, output: '' });
});

it('should not miss a package of another platform', async () => {
  expect((await install({ ...pg, 'node_modules/other': { version: '1.0.0', optional: true } }, pg)).called).toBeNull();
});

it('should install when the lock file names another version or a further package', async () => {
  const { called, output } = await install({ 'node_modules/pg': { version: '8.2.0' } }, pg);
  expect(called).toBe(CI);
  expect(output).toContain('node_modules/pg');
  expect((await install({ ...pg, 'node_modules/ws': { version: '1.0.0' } }, pg)).called).toBe(CI);
});

it('should fail when npm does', async () => {
  const { code, output } = await install(pg, null, 3);
  expect(code).toBe(1);
  expect(output).toContain('npm ci failed with code 3');
});

it('should say that a checkout without a lock file is not whole', async () => {
  const { called, code, output } = await install(null, null);
  expect([called, code]).toEqual([null, 1]);
  expect(output).toContain('package-lock.json is missing');
});
