import { isLoopback } from '../../config/loopback.ts';

/** Whether the `Host` of a request names this machine, or one of `allowed`. A program without the header passes; browsers send it always. */
export function isHostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true;
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?$/i.exec(header.trim()) ?? [];
  const bare = name.toLowerCase().replace(/^\[|\]$|\.$/g, '');
  return bare !== '' && (isLoopback(bare) || allowed.includes(bare));
}
