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
  const html = withAddition(
    withHeadersOnSockets(
      renderGraphiQL({
        title: 'discovery-gateway',
        subscriptionsProtocol: 'WS',
        defaultTabs: [...EXAMPLE_TABS.map((tab) => ({ ...tab }))],
        // A token that somebody types in stays in the page, and is not left in the browser's storage.
        shouldPersistHeaders: false,
      }),
    ),
  );
  return {
    gzipped: await promisify(gzip)(html),
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
  };
}

/** Where the page hands the headers of its editor to what sends the operation. */
const HEADERS_OF_OPERATION = /extensions:\{headers:(\w+)\?\.headers\}/g;

/**
 * The page sends the headers of its editor with requests, but not over WebSockets, where a browser cannot: there they become the
 * connection's parameters, which its WebSocket client takes from the extensions of an operation. Hidden, so that requests do not carry them
 * a second time; in small letters and with `authorization` always, so that a change takes the place of what was there.
 */
function withHeadersOnSockets(html: string): string {
  if (html.match(HEADERS_OF_OPERATION)?.length !== 1) {
    throw new Error('GraphiQL hands its headers on in another way than the version that this gateway was made for');
  }
  return html.replace(
    HEADERS_OF_OPERATION,
    (_found, options: string) =>
      `extensions:Object.defineProperty({headers:${options}?.headers},"connectionParams",{value:Object.fromEntries([["authorization"],...Object.entries(${options}?.headers??{}).map(([name,value])=>[name.toLowerCase(),value])])})`,
  );
}

/**
 * What the page needs beside what it has.
 *
 * Its tabs can be dragged, and are drawn where they stand after an animation that stands still itself: at the first press on one it jumps
 * away from under the pointer, and the click goes nowhere. And it prints the event by which a WebSocket ended as `{"isTrusted": true}`,
 * where the event has the gateway's own words.
 */
const ADDITION = `<style>.graphiql-tab { transform: none !important; }</style>
<script>
  Event.prototype.toJSON = function () {
    return { message: this.reason || this.message || 'The connection failed', code: this.code };
  };
</script>`;

function withAddition(html: string): string {
  const end = html.indexOf('</head>');
  if (end < 0 || end > html.indexOf('<body')) throw new Error('GraphiQL has another page than the version that this gateway was made for');
  return `${html.slice(0, end)}${ADDITION}${html.slice(end)}`;
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
