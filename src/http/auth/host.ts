import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../../config/loopback.ts';

/** ours: answer; foreign: a name of somebody else; unreadable: none, two, or none that could be part of a URL, where there must be one. */
export type HostVerdict = 'ours' | 'foreign' | 'unreadable';

/**
 * Judges the `Host` of requests: the name in the address bar is all that tells a page whose name was rebound to this machine. `allowed`:
 * names beside those of this machine; null: all.
 */
export function createHostCheck(allowed: readonly string[] | null) {
  // Requests come by few names, and the same again and again.
  let lastOurs: string | undefined;

  return ({ headers: { host }, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): HostVerdict => {
    // Node keeps the first of two; somebody on the way may have looked at the other.
    if (hostsIn(rawHeaders) > 1) return 'unreadable';
    if (host === undefined || host === lastOurs) return 'ours';
    if (!isReadable(host)) return 'unreadable';
    if (allowed !== null && !isHostAllowed(host, allowed)) return 'foreign';
    lastOurs = host;
    return 'ours';
  };
}

/** Whether the `Host` of a request names this machine, or one of `allowed`. A program without the header passes; browsers send it always. */
export function isHostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true;
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/i.exec(header.trim()) ?? [];
  const bare = name.toLowerCase().replace(/^\[|\]$|\.$/g, '');
  return bare !== '' && (isLoopback(bare) || allowed.includes(bare));
}

function hostsIn(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

/** A name or an address, with or without a port. What comes after makes a URL of it. */
function isReadable(host: string): boolean {
  return !/[/?#@\\]/.test(host) && URL.canParse(`http://${host}/`);
}
