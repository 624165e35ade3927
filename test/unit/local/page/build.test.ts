import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildPage } from '../../../../src/local/page/build.ts';
import { compressFiles } from '../../../../src/local/page/compress-files.ts';
import { firstLoad, limitFirstLoad } from '../../../../src/local/page/limit-first-load.ts';
import { rememberSources } from '../../../../src/local/page/remember-sources.ts';
import { sourcesOf } from '../../../../src/local/page/sources.ts';

let root: string;
const never = new AbortController().signal;

/** A project with all that a page comes from, and none of the real one's weight. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'discovery-gateway-page-'));
  await mkdir(join(root, 'src/dashboard'), { recursive: true });
  await mkdir(join(root, 'src/local/page'), { recursive: true });
  await mkdir(join(root, 'node_modules/vite/bin'), { recursive: true });
  await writeFile(join(root, 'src/dashboard-documents.ts'), 'export {};');
  await writeFile(join(root, 'src/dashboard/index.html'), '<script type="module" src="./main.js"></script>');
  await writeFile(join(root, 'src/dashboard/main.js'), `document.title = '${'discovery '.repeat(100)}';\nvoid import('./later.js');`);
  await writeFile(join(root, 'src/dashboard/later.js'), 'console.log(1);');
  await writeFile(join(root, 'vite.config.ts'), '');
  await writeFile(join(root, 'package-lock.json'), '{}');
});

afterEach(() => rm(root, { recursive: true }));

function buildIt(most?: number) {
  return build({
    configFile: false,
    root: join(root, 'src/dashboard'),
    logLevel: 'silent',
    build: { outDir: join(root, 'dist/dashboard'), emptyOutDir: true },
    plugins: [limitFirstLoad(most), compressFiles(), rememberSources(root)],
  });
}

/** In place of the bundler's program: counts in a file how often it is called, and does what this script does. */
async function standIn(script: string): Promise<() => Promise<number>> {
  const calls = join(root, 'calls');
  const file = join(root, 'node_modules/vite/bin/vite.js');
  await writeFile(file, `require('node:fs').appendFileSync(${JSON.stringify(calls)}, 'x');\n${script}`);
  return async () =>
    access(calls).then(
      async () => (await readFile(calls, 'utf8')).length,
      () => 0,
    );
}

it('should leave compressed copies that hold the same, and what it was built from', async () => {
  await buildIt();
  const built = join(root, 'dist/dashboard');
  const page = await readFile(join(built, 'index.html'), 'utf8');
  const [, script = ''] = /src="([^"]+)"/.exec(page) ?? [];
  expect(script).toMatch(/^\/assets\/index-.+\.js$/);
  const plain = await readFile(join(built, script));
  expect(gunzipSync(await readFile(join(built, `${script}.gz`)))).toEqual(plain);
  expect(brotliDecompressSync(await readFile(join(built, `${script}.br`)))).toEqual(plain);
  expect(await readFile(join(built, '.sources'), 'utf8')).toBe(await sourcesOf(root));
});

it('should fail where the first load is too long, and leave nothing that passes for built', async () => {
  await expect(buildIt(10)).rejects.toThrow(/The first load of the page is .* KB of JavaScript, gzipped; 0\.0 KB are the most/);
  await expect(access(join(root, 'dist/dashboard/.sources'))).rejects.toThrow();
});

it('should count what is loaded before the page runs, each once, and not what comes later', () => {
  const [code, later] = ['a'.repeat(1000), 'b'.repeat(1000)];
  const shared = { type: 'chunk', code, imports: ['shared.js'] } as const;
  const both = firstLoad({ 'main.js': { type: 'chunk', isEntry: true, code, imports: ['shared.js'] }, 'shared.js': shared });
  const one = firstLoad({ 'main.js': { type: 'chunk', isEntry: true, code }, 'later.js': { type: 'chunk', code: later } });
  expect(both).toBe(2 * one);
});

it('should build when there is no page, and again when a source changes, but not otherwise', async () => {
  const calls = await standIn('');
  const lines: string[] = [];
  const ask = () => buildPage({ root, progress: (part, message) => lines.push(`${part} ${message}`), signal: never });
  await ask();
  expect(await calls()).toBe(1);
  expect(lines).toEqual(['dashboard building the page, which takes seconds: it is not built yet', 'dashboard the page is built']);
  await buildIt();
  await ask();
  expect(await calls()).toBe(1);
  await writeFile(join(root, 'src/dashboard/later.js'), 'console.log(2);');
  await ask();
  expect(await calls()).toBe(2);
  expect(lines[2]).toContain('its sources have changed');
});

it('should say what the bundler says, and nothing of its own when it is stopped', async () => {
  await standIn("console.error('main.tsx has a mistake'); process.exit(1);");
  const progress = () => undefined;
  await expect(buildPage({ root, progress, signal: never })).rejects.toThrow('could not be built: main.tsx has a mistake');
  await standIn('setTimeout(() => {}, 60_000);');
  const reason = new Error('enough');
  await expect(buildPage({ root, progress, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
