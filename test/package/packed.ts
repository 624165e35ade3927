import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const execute = promisify(execFile);
const manifests = z.object({
  name: z.string(),
  bin: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
});

export type Manifest = z.infer<typeof manifests>;

/** The package in a project that has installed it, and nothing beside it. */
export interface Installed {
  readonly manifest: Manifest;
  readonly tarball: Buffer;
  /** Its files, by their paths in the package. */
  readonly files: readonly string[];
  /** Where the package is unpacked. */
  readonly folder: string;
  /** The project: what is in its `node_modules` is the package, what it depends on, and its commands in `.bin`. */
  readonly project: string;
  readonly remove: () => Promise<void>;
}

/**
 * Packs what is built, and installs it without a registry: what the package depends on is linked to where it is already. Of what only we
 * develop with there is nothing, so that an import of it fails. Throws with what npm says.
 */
export async function installPacked(): Promise<Installed> {
  const project = await mkdtemp(join(tmpdir(), 'packed-'));
  await execute('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], { cwd: ROOT });
  const [name = ''] = await readdir(project);
  const modules = join(project, 'node_modules');
  const folder = join(modules, 'discovery-gateway');
  await mkdir(folder, { recursive: true });
  await execute('tar', ['-xzf', join(project, name), '-C', folder, '--strip-components=1']);
  const manifest = manifests.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    await link(join(ROOT, 'node_modules', dependency), join(modules, dependency));
  }
  for (const [command, path] of Object.entries(manifest.bin)) {
    await link(join(folder, path), join(modules, '.bin', command));
    // As npm does.
    await chmod(join(folder, path), 0o755);
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return {
    manifest,
    tarball: await readFile(join(project, name)),
    files: entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)),
    folder,
    project,
    remove: () => rm(project, { recursive: true, force: true }),
  };
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}
