import { readFileSync } from 'node:fs';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Which gateway is asked, and as who. */
export interface Connection {
  /** Without a path, such as `http://127.0.0.1:8080`; or with that below which a proxy has the gateway. No slash at its end. */
  readonly base: string;
  readonly token: string | null;
}

/** From `--url` and the environment. Throws CliError. */
export function connectionOf(url: string | undefined, env: NodeJS.ProcessEnv): Connection {
  const given = url ?? env['DGW_URL'];
  const where = url === undefined ? 'DGW_URL' : '--url';
  return { base: given === undefined || given === '' ? DEFAULT_URL : baseOf(given, where), token: tokenOf(env) };
}

function baseOf(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrong(`${where}: "${text}" is no address of a gateway, such as ${DEFAULT_URL}`);
  }
  if (`${url.username}${url.password}` !== '') throw wrong(`${where}: a token belongs into DGW_TOKEN, not into the address`);
  return `${url.origin}${url.pathname.replace(/\/graphql\/?$/, '').replace(/\/+$/, '')}`;
}

function tokenOf({ DGW_TOKEN: token, DGW_TOKEN_FILE: path }: NodeJS.ProcessEnv): string | null {
  if (token && path) throw wrong('DGW_TOKEN and DGW_TOKEN_FILE are both set: set one of them');
  if (token) return whole(token, 'DGW_TOKEN');
  if (!path) return null;
  try {
    return whole(readFileSync(path, 'utf8').trim(), `the file in DGW_TOKEN_FILE, ${path},`);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw wrong(`DGW_TOKEN_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What can stand in a header. The text itself is a secret. */
function whole(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw wrong(`${where} holds no token: it is empty, or has blanks or other characters that no token has`);
}

function wrong(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
