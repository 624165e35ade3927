import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Option } from '@commander-js/extra-typings';
import { messageOf } from '../errors.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

export const envFileOption = () =>
  new Option('--env-file <path>', 'read variables from this file too, as node --env-file does; the environment wins');

/** The environment, and below it what the file says. Throws CliError. */
export function withEnvFile(env: NodeJS.ProcessEnv, path: string | undefined): NodeJS.ProcessEnv {
  if (path === undefined) return env;
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...env };
  } catch (error) {
    throw new CliError(EXIT.usage, `--env-file cannot be read: ${messageOf(error)}`);
  }
}
