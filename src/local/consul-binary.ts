import { exists } from './cache.ts';
import { builtWithGo, type GoProgram, goBinary } from './go-binary.ts';
import type { Surroundings } from './surroundings.ts';
import { findTool, MissingToolError } from './tool.ts';

const CONSUL: GoProgram = {
  name: 'consul',
  module: 'github.com/hashicorp/consul',
  // The newest version that resolves as a Go module: later ones carry replace directives.
  version: '1.19.2',
  package: 'github.com/hashicorp/consul',
  takes: '2 to 5 minutes',
};

/** A `consul` on the PATH, else one built with Go and kept. Throws MissingToolError where neither is possible. */
export async function consulBinary(surroundings: Surroundings): Promise<string> {
  const { env, progress } = surroundings;
  const installed = findTool('consul', env);
  if (installed !== null) {
    progress('consul', `using ${installed}`);
    return installed;
  }
  if (findTool('go', env) === null && !(await exists(builtWithGo(CONSUL, env)))) {
    throw new MissingToolError(
      'Consul',
      'a consul binary on the PATH, or Go 1.22 or newer (go) to build one',
      'CONSUL_HOST (and CONSUL_PORT)',
    );
  }
  return goBinary(CONSUL, surroundings);
}
