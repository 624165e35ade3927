import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackendError, GatewayError } from '../../../src/errors.ts';
import { backend, backendRead } from '../../../src/registry/backend-call.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['a call', backend],
  ['a read', backendRead],
])('%s of a back end', (_what, call) => {
  it('should be what it comes to, and leave no timer', async () => {
    expect(await call(() => Promise.resolve(1))).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('should fail as a client may see it', async () => {
    const failure = new BackendError('postgres', 'terminating connection');
    await expect(call(() => Promise.reject(failure))).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', cause: failure });
    const ours = new GatewayError('CURSOR_EXPIRED', 'too old');
    await expect(call(() => Promise.reject(ours))).rejects.toBe(ours);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('should give up a read of a back end that hangs while the rest of the answer is still of use', async () => {
  const read = backendRead(() => new Promise<never>(() => undefined));
  const refused = expect(read).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  await vi.advanceTimersByTimeAsync(5000);
  await refused;
});

it('should not mind what fails after it was given up', async () => {
  const read = backendRead(
    () => new Promise<never>((_resolve, reject) => setTimeout(() => reject(new BackendError('postgres', 'timeout')), 15_000)),
  );
  const refused = expect(read).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  await vi.advanceTimersByTimeAsync(20_000);
  await refused;
});
