import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a request may come from where its `Origin` says. Programs send none, and pass. A browser sends the page's, which must be
 * this server itself (`Host`) or one of `allowed` (`https://dashboard.example`): WebSockets know no same-origin policy, so that any
 * page could otherwise open one in its visitor's name.
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/**
 * Whether a request to `/graphql` may come from where it says. A page of another site that loads a GET as an image or script sends no
 * `Origin`, and could not read the answer; its browser tells what it is all the same (`Sec-Fetch-Site`), so that it costs nothing here.
 */
export function isRequestAllowed(headers: IncomingHttpHeaders, allowed: readonly string[]): boolean {
  if (headers.origin !== undefined) return isOriginAllowed(headers.origin, headers.host, allowed);
  const site = headers['sec-fetch-site'];
  return (site !== 'cross-site' && site !== 'same-site') || headers['sec-fetch-mode'] === 'navigate';
}
