/** Milliseconds, as Go reads a duration. */
export function goDuration(milliseconds: number): string {
  return `${Math.max(1, Math.round(milliseconds))}ms`;
}

/** An address to dial, as Go reads it. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}
