import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * In the folder for what a program keeps between its runs (XDG Base Directory Specification), one file for each gateway and database: a
 * gateway that is pointed at another database must not answer from the first. null where the environment names no such folder.
 */
export function defaultSnapshotPath(env: NodeJS.ProcessEnv, gatewayId: string, database: string): string | null {
  const { XDG_STATE_HOME, HOME } = env;
  const state = XDG_STATE_HOME ?? (HOME === undefined ? null : join(HOME, '.local', 'state'));
  if (state === null) return null;
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8);
  return join(state, 'discovery-gateway', `${encodeURIComponent(gatewayId)}-${hash}.ndjson`);
}
