import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { messageOf } from '../errors.ts';

/** The path of a program on the PATH, or null. */
export function findTool(name: string, env: NodeJS.ProcessEnv): string | null {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return null;
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw new Error(`${file} cannot be looked at: ${messageOf(error)}`);
  }
}

/** A service that is neither configured nor can be started here. The message names what is missing and what else would do. */
export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';

  /** `missing` ends the sentence "X needs …"; `variables` is how the address of a running one is given. */
  constructor(service: string, missing: string, variables: string) {
    super(
      `${service} needs ${missing}.\nEither install that, or set ${variables} to one that runs already, or use Docker: docker compose up`,
    );
  }
}
