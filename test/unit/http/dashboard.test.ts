import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dashboard, loadDashboard } from '../../../src/http/dashboard.ts';
import { collectingLog, startServer } from './running-server.ts';

const PAGE = '<!doctype html><title>discovery-gateway</title><script type="module" src="/assets/main-1a2b.js"></script>';
const SCRIPT = `console.log(${JSON.stringify('x'.repeat(500))});`;
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let folder: string;
let dashboard: Dashboard | null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, '.sources'), 'not for anybody');
  await writeFile(join(folder, 'secret.txt'), 'not for anybody');
  await writeFile(join(folder, 'assets/icon-3c4d.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets/main-1a2b.js'), SCRIPT);
  await writeFile(join(folder, 'assets/main-1a2b.js.gz'), gzipSync(SCRIPT));
  await writeFile(join(folder, 'assets/main-1a2b.js.br'), brotliCompressSync(SCRIPT));
  dashboard = await loadDashboard(collectingLog([]), folder);
});

afterAll(() => rm(folder, { recursive: true }));

/** As it comes, without what fetch does to paths and codings. */
function raw(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; bytes: number }>((resolve, reject) => {
    request({ port, path, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, bytes }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the dashboard', () => {
  it('should be what browsers get at /, to be asked for each time', async () => {
    const { url } = await startServer({ dashboard });
    const page = await fetch(url, { headers: BROWSER });
    expect(page.status).toBe(200);
    expect(await page.text()).toBe(PAGE);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('vary')).toBe('Accept, Accept-Encoding');
    const etag = page.headers.get('etag') ?? '';
    for (const known of [etag, `"old", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await fetch(url, { headers: { ...BROWSER, 'if-none-match': known } });
      expect(again.status).toBe(304);
      expect(again.headers.get('etag')).toBe(etag);
    }
    expect((await fetch(url, { headers: { ...BROWSER, 'if-none-match': '"old"' } })).status).toBe(200);
  });

  it('should leave the index to programs', async () => {
    const { url } = await startServer({ dashboard });
    for (const accept of ['', '*/*', 'application/json', 'application/json, text/html;q=0.1']) {
      const index = await fetch(url, { headers: { accept } });
      expect(index.headers.get('vary')).toBe('Accept');
      expect(await index.json()).toMatchObject({ name: 'discovery-gateway' });
    }
  });

  it('should hold the page to files of the gateway', async () => {
    const { url } = await startServer({ dashboard });
    const { headers } = await fetch(url, { headers: BROWSER });
    const policy = headers.get('content-security-policy') ?? '';
    for (const directive of [
      "default-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "object-src 'none'",
    ]) {
      expect(policy.split('; ')).toContain(directive);
    }
    expect(policy).not.toMatch(/unsafe|http|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each([
    ['br, gzip', 'br', brotliCompressSync(SCRIPT).length],
    ['gzip, deflate', 'gzip', gzipSync(SCRIPT).length],
    ['br;q=0, GZIP;q=0.5', 'gzip', gzipSync(SCRIPT).length],
    ['deflate', undefined, SCRIPT.length],
    ['', undefined, SCRIPT.length],
  ])('should send a script to who takes "%s" with the coding %s', async (accept, coding, length) => {
    const { port } = await startServer({ dashboard });
    const { status, headers, bytes } = await raw(port, '/assets/main-1a2b.js', { 'accept-encoding': accept });
    expect({ status, bytes }).toEqual({ status: 200, bytes: length });
    expect(headers['content-encoding']).toBe(coding);
    expect(headers['content-length']).toBe(String(length));
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['vary']).toBe('Accept-Encoding');
  });

  it('should send what is not compressed as it is', async () => {
    const { port } = await startServer({ dashboard });
    const { headers } = await raw(port, '/assets/icon-3c4d.svg', { 'accept-encoding': 'br, gzip' });
    expect(headers).toMatchObject({ 'content-type': 'image/svg+xml' });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it.each([
    '/.sources',
    '/secret.txt',
    '/index.html',
    '/assets/',
    '/assets/main-1a2b.js.gz',
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/main-1a2b.js/',
    '//assets/main-1a2b.js',
    '/ASSETS/main-1a2b.js',
    '/assets/gone-0000.js',
    '/toString',
  ])('should have nothing at %s', async (path) => {
    const { port } = await startServer({ dashboard });
    expect((await raw(port, path, BROWSER)).status).toBe(404);
  });

  it('should take GET and HEAD only', async () => {
    const { url } = await startServer({ dashboard });
    for (const path of ['/', '/assets/main-1a2b.js']) {
      const head = await fetch(url + path, { method: 'HEAD', headers: BROWSER });
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(Number(head.headers.get('content-length'))).toBeGreaterThan(40);
      expect((await fetch(url + path, { method: 'POST' })).status).toBe(405);
    }
  });

  it('should be refused under a foreign name, and need no token', async () => {
    const access = { jwt: null, hosts: ['127.0.0.1'], metrics: false, introspection: true, graphiql: true };
    const { port } = await startServer({ dashboard, access: { ...access, tokens: [], anonymous: 'nothing' } });
    expect((await raw(port, '/', { ...BROWSER, host: 'evil.example' })).status).toBe(421);
    expect((await raw(port, '/assets/main-1a2b.js', { host: 'evil.example' })).status).toBe(421);
    expect((await raw(port, '/', BROWSER)).status).toBe(200);
  });

  it('should be missed with a line in the log, and nothing else', async () => {
    const lines: string[] = [];
    const none = await loadDashboard(collectingLog(lines), join(folder, 'nowhere'));
    expect(none).toBeNull();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('npm run build');
    const { url } = await startServer({ dashboard: none });
    expect((await fetch(url, { headers: BROWSER, redirect: 'manual' })).headers.get('location')).toBe('/graphql');
  });
});
