import { vi } from 'vitest';

/** Waits until the expectations hold; throws what the last look at them threw when 15 s are over: vitest's own second is short on a busy machine. */
export function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 15_000, interval: 25 });
}
