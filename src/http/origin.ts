/**
 * Whether a request may come from where its `Origin` says. Programs send none, and pass. A browser sends the page's, which must be
 * this server itself (`Host`) or one of `allowed` (`https://dashboard.example`): WebSockets know no same-origin policy, so that any
 * page could otherwise open one in its visitor's name.
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}
