import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { announcement, freshEnvironment, Nodes, runGateway } from '../gateway/running-gateway.ts';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
let folder: string;

/** The TypeScript in a page that uses the client. */
async function programs(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].flatMap(([, code = '']) => (code.includes('discovery-gateway/client') ? [code] : []));
}

/** The package as it would be installed, with every program of the manual in it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-package-'));
  await execute(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')], { cwd: root });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const pages = [...(await programs('README.md')), ...(await programs('docs/client.md'))];
  expect(pages.length).toBeGreaterThan(2);
  await Promise.all(pages.map((code, index) => writeFile(join(folder, `program-${index}.ts`), code)));
  const compilerOptions = {
    strict: true,
    module: 'NodeNext',
    target: 'ES2022',
    types: ['node'],
    lib: ['ES2023'],
    noUncheckedIndexedAccess: true,
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['program-*.ts'] }));
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

it('should be imported by its name, with types that the programs of the manual fit', async () => {
  const { stdout } = await execute(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
  const names = "import('discovery-gateway/client').then((client) => console.log(Object.keys(client).join()))";
  const imported = await execute(process.execPath, ['-e', names], { cwd: folder });
  expect(imported.stdout.trim()).toBe('DOCUMENTS,DiscoveryClient,DiscoveryError,NoHealthyService,RegistryUnavailable');
}, 120_000);

it('should bring its command line, under both of its names', async () => {
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  expect(Object.keys(bin)).toEqual(['discovery-gateway', 'dgw']);
  for (const path of Object.values<string>(bin)) {
    expect((await readFile(join(folder, path), 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
    const { stdout } = await execute(process.execPath, [join(folder, path), 'help'], { cwd: folder });
    expect(stdout).toContain('Usage: dgw [options] [command]');
  }
}, 120_000);

it.each([
  ['node16', 'node16'],
  ['bundler', 'esnext'],
])(
  'should have types for programs that resolve modules as %s does, and check what they install',
  async (resolution, module) => {
    const flags = [
      '--noEmit',
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--skipLibCheck',
      'false',
      '--exactOptionalPropertyTypes',
    ];
    const { stdout } = await execute(process.execPath, [tsc, '-p', folder, ...flags]).catch((error: { stdout: string }) => error);
    expect(stdout.split('\n').filter((line) => !line.startsWith('node_modules/'))).toEqual(['']);
  },
  120_000,
);

it('should let the orchestrator of the manual get its answer from what it could not resolve before', async () => {
  const gateway = await runGateway(await freshEnvironment());
  const nodes = await Nodes.connect(gateway.config);
  const server = createServer((request, response) => {
    if (request.url === '/health') return response.end('fine');
    let sql = '';
    request.on('data', (chunk) => {
      sql += String(chunk);
    });
    return request.on('end', () => response.end(JSON.stringify({ rows: [sql] })));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const endpoints = { health: `${base}/health`, api: base };
  await nodes.announce(announcement('database-adapter-001', { service_name: 'database-adapter', endpoints }));

  const orchestrator = (await programs('docs/client.md')).findIndex((code) => code.includes("'database-adapter',"));
  const readme = (await programs('README.md')).length;
  const program = spawn(process.execPath, [join(folder, `program-${readme + orchestrator}.js`)], {
    env: { PATH: process.env['PATH'] ?? '', REGISTRY_URL: `${gateway.client.url}/graphql`, SNAPSHOT_FILE: join(folder, 'services.json') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  program.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  const [code] = await once(program, 'exit');
  expect(output).toContain("{ rows: [ 'select 1' ] }");
  expect(code).toBe(0);
  await nodes.close();
  await gateway.stop();
  server.close();
}, 120_000);
