import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { EXAMPLE_TABS } from './example-tabs.ts';

export interface GraphiqlPage {
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * The page, scripts and styles inside: it needs no network but this server. 9 MB, so it is loaded when somebody first asks, and kept
 * gzipped (2.5 MB): a gateway that only programs talk to never holds it.
 */
export async function loadGraphiqlPage(): Promise<GraphiqlPage> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'discovery-gateway',
    subscriptionsProtocol: 'WS',
    defaultTabs: [...EXAMPLE_TABS.map((tab) => ({ ...tab }))],
  });
  return {
    gzipped: await promisify(gzip)(html),
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
  };
}

/** Answers a browser that opens `/graphql`. */
export async function sendGraphiql(page: GraphiqlPage, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('ETag', page.etag);
  // The browser asks each time, and gets 304 until the gateway is upgraded.
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Vary', 'Accept, Accept-Encoding');
  if (request.headers['if-none-match'] === page.etag) {
    response.writeHead(304).end();
  } else if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    response.setHeader('Content-Encoding', 'gzip');
    response.end(page.gzipped);
  } else {
    response.end(await promisify(gunzip)(page.gzipped));
  }
}
