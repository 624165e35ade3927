import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheFolder } from './cache.ts';
import { withReminder } from './progress.ts';
import { run } from './run.ts';
import type { Surroundings } from './surroundings.ts';
import { findTool } from './tool.ts';

export type GoProgram = {
  /** The name of the binary. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** The package of its main function. */
  readonly package: string;
  /** How long building it takes on two cores, for the progress line. */
  readonly takes: string;
};

/** Where the built program is, or will be, kept. */
export function builtWithGo({ name, version }: GoProgram, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(env), `${name}-${version}`);
}

/** The path of a program that is built with Go once, and kept. Throws when there is no `go`, or with the end of its output when it fails. */
export async function goBinary(program: GoProgram, { env, guard, progress, signal, folder }: Surroundings): Promise<string> {
  const { name, module, version, takes } = program;
  const built = await cached(
    builtWithGo(program, env),
    async (target) => {
      progress(name, `building ${name} ${version} with Go (${takes}, only this once)`);
      await mkdir(folder, { recursive: true });
      const log = join(folder, `go-build-${name}.log`);
      const go = (...args: string[]) =>
        run({ file: findTool('go', env) ?? 'go', args, cwd: target, env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' } }, log, guard, signal);
      const build = async () => {
        await go('mod', 'init', `local/${name}`);
        await go('get', `${module}@v${version}`);
        progress(name, 'its sources are here, compiling');
        await go('build', '-trimpath', '-ldflags', '-s -w', '-o', join(target, 'bin', name), program.package);
      };
      await withReminder(build(), 20_000, Date.now, (seconds) => progress(name, `still building, ${seconds} s so far`));
      await rename(join(target, 'bin', name), join(target, name));
    },
    { onWait: (lock) => progress(name, `waiting for another starter that builds ${name} (if there is none, remove ${lock})`), signal },
  );
  return join(built, name);
}
