import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { accepted } from './accept.ts';

/** A file of the page, as it is sent. */
interface PageFile {
  readonly type: string;
  /** Weak, since it stands for the same content however compressed. */
  readonly etag: string;
  /** Its name has a hash of its content, so that it never changes. */
  readonly isLasting: boolean;
  readonly content: Buffer;
  /** null: not worth it, or not made. */
  readonly gzip: Buffer | null;
  readonly brotli: Buffer | null;
}

/** The files of the page by the paths that they have on the server: the page itself is `/`. */
export type Dashboard = ReadonlyMap<string, PageFile>;

/** `npm run build` writes it there, beside `src` and in `dist`. */
const FOLDER = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.json': 'application/json; charset=utf-8',
};

/** Files of this gateway only, its WebSockets included; no script or style in the page itself; no frame around it. */
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * All files of the built page, into memory: some hundred KB. Only what is found here is ever served, so no path leads elsewhere. null, with
 * a line in the log: there is no built page, and the gateway does its work without it.
 */
export async function loadDashboard(log: Pick<Log, 'warn'>, folder: string = FOLDER): Promise<Dashboard | null> {
  try {
    const assets = await readdir(join(folder, 'assets'));
    const originals = assets.filter((name) => !/\.(gz|br)$/.test(name));
    const files = ['index.html', ...originals.map((name) => join('assets', name))].map(
      async (name) => [name === 'index.html' ? '/' : `/${name}`, await loadFile(folder, name)] as const,
    );
    return new Map(await Promise.all(files));
  } catch (error) {
    log.warn({ folder, error: messageOf(error) }, 'going on without the dashboard: its files cannot be read; npm run build makes them');
    return null;
  }
}

async function loadFile(folder: string, name: string): Promise<PageFile> {
  const content = await readFile(join(folder, name));
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `W/"${createHash('sha256').update(content).digest('base64url')}"`,
    isLasting: name !== 'index.html',
    content,
    gzip: await readIfThere(join(folder, `${name}.gz`)),
    brotli: await readIfThere(join(folder, `${name}.br`)),
  };
}

async function readIfThere(file: string): Promise<Buffer | null> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** Answers a GET or HEAD for a file of the page. */
export function sendPageFile(file: PageFile, { headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', POLICY);
  response.setHeader('ETag', file.etag);
  // The page itself is asked for each time, and is 304 until the gateway is upgraded.
  response.setHeader('Cache-Control', file.isLasting ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('Vary', file.isLasting ? 'Accept-Encoding' : 'Accept, Accept-Encoding');
  if (isKnown(headers['if-none-match'], file.etag)) {
    response.writeHead(304).end();
    return;
  }
  const [coding, body] = bodyFor(file, headers['accept-encoding']);
  if (coding !== null) response.setHeader('Content-Encoding', coding);
  response.setHeader('Content-Type', file.type);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

function bodyFor({ content, gzip, brotli }: PageFile, acceptEncoding = ''): readonly [coding: 'br' | 'gzip' | null, body: Buffer] {
  const codings = accepted(acceptEncoding.toLowerCase());
  if (brotli !== null && codings.includes('br')) return ['br', brotli];
  if (gzip !== null && codings.includes('gzip')) return ['gzip', gzip];
  return [null, content];
}

/** Whether the client has it already, by the weak comparison of RFC 9110. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const opaque = etag.replace('W/', '');
  return (ifNoneMatch ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace('W/', '') === opaque);
}
