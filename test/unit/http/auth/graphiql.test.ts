import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadGraphiqlPage } from '../../../../src/http/graphiql.ts';
import { startServer } from '../running-server.ts';
import { accessOf, READ_TOKEN, TOKENS } from './access.ts';

const extensions = z.object({
  headers: z.record(z.string(), z.string()).optional(),
  connectionParams: z.record(z.string(), z.string().optional()),
});

describe('GraphiQL', () => {
  let html = '';

  /** What the page puts beside an operation, with these headers in its editor. */
  function extensionsFor(headers: Record<string, string> | undefined): unknown {
    const { groups } = /extensions:(?<code>Object\.defineProperty\(\{headers:(?<options>\w+)\?.*?\]\)\}\))/s.exec(html) ?? {};
    const { code = '', options = '' } = groups ?? {};
    return runInNewContext(`(${code})`, { [options]: headers === undefined ? undefined : { headers } });
  }

  beforeAll(async () => {
    html = gunzipSync((await loadGraphiqlPage()).gzipped).toString();
  });

  it('should be open to all, and hold no token', async () => {
    const { url } = await startServer({ access: accessOf(TOKENS) });
    const response = await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(html);
    expect(html).not.toContain(READ_TOKEN);
    expect(html.slice(html.lastIndexOf('YogaGraphiQL.renderYogaGraphiQL('))).toContain('"shouldPersistHeaders":false');
  });

  it('should send the headers of its editor with requests, and as parameters of its sockets', () => {
    const made = extensionsFor({ Authorization: `Bearer ${READ_TOKEN}`, 'X-Operator': 'me' });
    expect(JSON.parse(JSON.stringify(made))).toEqual({ headers: { Authorization: `Bearer ${READ_TOKEN}`, 'X-Operator': 'me' } });
    expect(extensions.parse(made).connectionParams).toEqual({ authorization: `Bearer ${READ_TOKEN}`, 'x-operator': 'me' });
  });

  it('should forget a token that is taken out again', () => {
    expect(Object.assign({ authorization: 'old' }, extensions.parse(extensionsFor(undefined)).connectionParams)).toEqual({
      authorization: undefined,
    });
  });

  it('should have tabs that do not jump away from under a click', () => {
    expect(html.slice(0, html.indexOf('<body'))).toContain('<style>.graphiql-tab { transform: none !important; }</style>');
  });

  it('should print why a socket was closed, in the words of the gateway', () => {
    const [, script = ''] = /<script>(.*?)<\/script>\s*<\/head>/s.exec(html) ?? [];
    const print = `class Event { constructor(fields) { Object.assign(this, fields); } } ${script};
      JSON.stringify([new Event({ code: 4401, reason: 'Unauthorized: This needs a token' }), new Event({})])`;
    expect(runInNewContext(print)).toBe('[{"message":"Unauthorized: This needs a token","code":4401},{"message":"The connection failed"}]');
  });

  it('should hand those parameters to its WebSocket client', () => {
    expect(html).toMatch(
      // It begins with a fixed text, or 9 MB take most of a second.
      /\?\.connectionParams&&typeof (\w+)(?<=\b\1\?\.connectionParams&&typeof \1)\?\.connectionParams=="object"&&\((\w+)=Object\.assign\(\2,\1\.connectionParams\)\)/,
    );
  });
});
