import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, cacheFolder, exists } from './cache.ts';
import { withReminder } from './progress.ts';
import { run } from './run.ts';
import type { Surroundings } from './surroundings.ts';
import { findTool, MissingToolError } from './tool.ts';

// The newest version that resolves as a Go module: later ones carry replace directives.
const CONSUL_VERSION = '1.19.2';

/** A `consul` on the PATH, else one built with Go and kept. Throws MissingToolError where neither is possible. */
export async function consulBinary({ env, guard, progress, signal, folder }: Surroundings): Promise<string> {
  const installed = findTool('consul', env);
  if (installed !== null) {
    progress('consul', `using ${installed}`);
    return installed;
  }
  const entry = join(cacheFolder(env), `consul-${CONSUL_VERSION}`);
  const go = findTool('go', env);
  if (go === null && !(await exists(entry))) {
    throw new MissingToolError(
      'Consul',
      'a consul binary on the PATH, or Go 1.22 or newer (go) to build one',
      'CONSUL_HOST (and CONSUL_PORT)',
    );
  }
  const built = await cached(
    entry,
    async (target) => {
      progress('consul', `building Consul ${CONSUL_VERSION} with Go (2 to 5 minutes, only this once)`);
      await mkdir(folder, { recursive: true });
      const log = join(folder, 'go-build.log');
      const goRun = (...args: string[]) =>
        run({ file: go ?? 'go', args, cwd: target, env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' } }, log, guard, signal);
      const build = async () => {
        await goRun('mod', 'init', 'local/consul');
        await goRun('get', `github.com/hashicorp/consul@v${CONSUL_VERSION}`);
        progress('consul', 'its sources are here, compiling');
        await goRun('build', '-trimpath', '-ldflags', '-s -w', '-o', join(target, 'bin', 'consul'), 'github.com/hashicorp/consul');
      };
      await withReminder(build(), 20_000, Date.now, (seconds) => progress('consul', `still building, ${seconds} s so far`));
      await rename(join(target, 'bin', 'consul'), join(target, 'consul'));
    },
    { onWait: (lock) => progress('consul', `waiting for another starter that builds Consul (if there is none, remove ${lock})`), signal },
  );
  return join(built, 'consul');
}
