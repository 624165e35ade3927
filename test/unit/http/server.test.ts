import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServer } from './running-server.ts';

describe('the server', () => {
  it('should send browsers to GraphiQL and give programs an index', async () => {
    const { url } = await startServer();
    const browser = await fetch(url, { headers: { accept: 'text/html,*/*' }, redirect: 'manual' });
    expect(browser.status).toBe(302);
    expect(browser.headers.get('location')).toBe('/graphql');
    const program = await fetch(url);
    expect(program.status).toBe(200);
    expect(await program.json()).toMatchObject({ name: 'discovery-gateway', links: { graphql: '/graphql', metrics: '/metrics' } });
  });

  it('should print the metrics', async () => {
    const { url } = await startServer();
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('gateway_test_total 7');
  });

  it.each(['/nothing', '/health/redis', '/health/', '/__proto__', '/graphql/x', '//'])('should answer 404 for %s', async (path) => {
    const { url } = await startServer();
    const response = await fetch(url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' }, links: { graphql: '/graphql' } });
  });

  it.each(['/', '/health', '/metrics'])('should answer 405 for POST %s', async (path) => {
    const { url } = await startServer();
    const response = await fetch(url + path, { method: 'POST' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it.each(['/', '/health', '/metrics'])('should answer HEAD %s without a body', async (path) => {
    const { url } = await startServer();
    const response = await fetch(url + path, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it.each(['/', '/health', '/nothing', '/graphql?query={__typename}'])('should send the security headers with %s', async (path) => {
    const { url } = await startServer();
    const { headers } = await fetch(url + path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('should say what to do when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startServer({ config: { host: '127.0.0.1', port } })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another process has it. Set SERVICE_PORT to a free one`,
    );
  });

  it('should let a request under way end, and take no other', async () => {
    const { server, port, url } = await startServer();
    const body = JSON.stringify({ query: '{ capabilities { name } }' });
    const answered = new Promise<string>((resolve, reject) => {
      const underWay = request({
        port,
        path: '/graphql',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' },
      });
      // The server has begun with the request once it says 100: only then it is told to close, and the body follows.
      underWay.on('continue', () => {
        const closed = server.close(5000);
        underWay.end(body);
        closed.catch(reject);
      });
      underWay.on('response', (response) => {
        response.setEncoding('utf8');
        response.on('data', resolve);
      });
      underWay.on('error', reject);
      underWay.flushHeaders();
    });
    expect(JSON.parse(await answered)).toEqual({ data: { capabilities: [] } });
    await expect(fetch(url)).rejects.toThrow();
  });

  it('should cut what is left at the deadline', async () => {
    const { server, port } = await startServer();
    const stuck = request({
      port,
      path: '/graphql',
      method: 'POST',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    const failed = new Promise<Error>((resolve) => {
      stuck.on('error', resolve);
    });
    await new Promise<void>((resolve) => {
      stuck.on('continue', resolve);
      stuck.flushHeaders();
    });
    await server.close(50);
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });
});
