import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { init, parse } from 'es-module-lexer';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/local/port.ts';
import { until } from '../until.ts';
import { type Installed, installPacked } from './packed.ts';

const execute = promisify(execFile);
const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('consumers', import.meta.url));
/** MB. A package that doubles has something in it that nobody asked for. */
const MOST = 2;
/** Not imported: a peer of what is. */
const PEERS = ['commander'];
/** Where pages lead whoever works on the gateway. */
const ONLY_IN_THE_REPOSITORY = [
  'README.md: docker-compose.yml',
  'docs/limits.md: ../src/graphql/prices.ts',
  'docs/nodes.md: ../test/integration/ecosystem/node.py',
];

let installed: Installed;

beforeAll(async () => {
  installed = await installPacked();
});

afterAll(() => installed.remove());

const command = (name: string) => join(installed.project, 'node_modules', '.bin', name);
const pages = () => installed.files.filter((path) => path.endsWith('.md'));

it('should hold what it runs with and what is read, and nothing else', () => {
  const { files, tarball } = installed;
  expect(files).toEqual(
    expect.arrayContaining([
      '.env.example',
      'LICENSE',
      'README.md',
      'contract/asyncapi.yaml',
      'deploy/kubernetes/kustomization.yaml',
      'deploy/prometheus/alerts.yml',
      'dist/client/index.d.ts',
      'dist/dashboard/index.html',
      'dist/main.js',
      'dist/node/index.d.ts',
      'docs/operations.md',
      'drizzle/0000_registry.sql',
      'drizzle/meta/_journal.json',
      'schema.graphql',
    ]),
  );
  const kinds = /\.(js|js\.map|d\.ts|sql|md|png|ya?ml|json|graphql|hcl|sh)$|^LICENSE$|^\.env\.example$|^dist\/dashboard\//;
  expect(files.filter((path) => !kinds.test(path))).toEqual([]);
  expect(files.filter((path) => /(^|\/)(src|test|local|node_modules|\.[^/]*)(\/|$)|snapshot\.json$/.test(path))).toEqual(['.env.example']);
  expect(tarball.length / 1e6).toBeLessThan(MOST);
});

it('should have something at the end of every link of its pages', async () => {
  const broken: string[] = [];
  for (const page of pages()) {
    const text = (await readFile(join(installed.folder, page), 'utf8')).replaceAll(/^```[\s\S]*?^```/gm, '');
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g)) {
      if (!/^[a-z]+:/.test(link) && !existsSync(join(installed.folder, dirname(page), link))) broken.push(`${page}: ${link}`);
    }
  }
  expect(broken.sort()).toEqual(ONLY_IN_THE_REPOSITORY);
});

it('should give publint nothing to say', async () => {
  // What is unpacked is what is published.
  const { messages, pkg } = await publint({ pkgDir: installed.folder, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

it('should import only what it depends on, and depend on nothing that it does not import', async () => {
  const { files, folder, manifest } = installed;
  await init();
  const imported = new Set<string>();
  for (const path of files.filter((one) => one.endsWith('.js') && !one.startsWith('dist/dashboard/'))) {
    const [imports] = parse(await readFile(join(folder, path), 'utf8'), path);
    for (const { specifier } of imports) {
      if (specifier && !specifier.startsWith('.') && !isBuiltin(specifier)) imported.add(packageOf(specifier));
    }
  }
  expect([...imported, ...PEERS].sort()).toEqual(Object.keys(manifest.dependencies).sort());
});

it.each([
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('should have types, checked with all that they import, for programs that resolve modules as %s', async (moduleResolution, module) => {
  const project = join(installed.project, moduleResolution);
  await cp(CONSUMERS, project, { recursive: true });
  const compilerOptions = {
    strict: true,
    skipLibCheck: false,
    module,
    moduleResolution,
    target: 'es2022',
    exactOptionalPropertyTypes: true,
  };
  await writeFile(join(project, 'package.json'), '{"type": "module"}');
  // One by one: what the types of one bring in must not help the other out. Without "types", as new projects have it.
  for (const name of ['client', 'node']) {
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
    const { stdout } = await execute(process.execPath, [TSC, '-p', project]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
    const run = await execute(process.execPath, [join(project, `${name}.js`)]);
    expect(run.stdout.trim()).toBe(`${name} loaded`);
  }
});

it.each(['discovery-gateway', 'dgw'])('should bring the command line as %s', async (name) => {
  const { stdout } = await execute(command(name), ['--version']);
  expect(stdout).toMatch(/^discovery-gateway \d+\.\d+\.\d+\n$/);
  const doctor = execute(command(name), ['doctor'], { env: { PATH: process.env['PATH'] } });
  await expect(doctor).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('KAFKA_BROKER_URL is missing') });
});

it('should run a gateway that serves the dashboard', async () => {
  const port = await freePort(new Set());
  // Nothing listens at port 1.
  const away = {
    KAFKA_BROKER_URL: '127.0.0.1:1',
    CONSUL_HOST: '127.0.0.1',
    CONSUL_PORT: '1',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  };
  const child = spawn(command('dgw'), ['serve'], {
    env: { PATH: process.env['PATH'], ...away, SERVICE_PORT: String(port), SNAPSHOT_FILE: join(installed.project, 'registry.ndjson') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  let log = '';
  child.stdout.on('data', (chunk) => {
    log += String(chunk);
  });
  const read = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: 'text/html,*/*' } });
    return { status: answer.status, text: await answer.text() };
  };
  const page = await until('the gateway answers', () => read('/'), { timeout: 30_000 });
  const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(page.text) ?? [];
  expect(script, page.text).toMatch(/^\/assets\//);
  expect((await read(script)).text.length).toBeGreaterThan(100_000);
  expect((await read('/health/live')).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended, log).toEqual([0, null]);
});

/** `@scope/name` of `@scope/name/part`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
