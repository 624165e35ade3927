import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Circuit, type CircuitPosition } from '../../src/circuit.ts';
import { BackendError } from '../../src/errors.ts';
import { recover } from '../../src/recovery.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const changes: CircuitPosition[] = [];
  const circuit = new Circuit('consul', Date.now, (position) => changes.push(position));
  const stop = new AbortController();
  let isAway = true;
  const ask = vi.fn(async () => {
    if (isAway) throw new BackendError('consul', 'refused');
  });
  const running = recover({ circuit, ask, now: Date.now }, stop.signal);
  const open = async () => {
    for (let count = 0; count < 5; count += 1)
      await circuit.run(() => Promise.reject(new BackendError('consul', 'no'))).catch(() => undefined);
  };
  const end = async () => {
    stop.abort();
    await running;
  };
  return {
    circuit,
    changes,
    ask,
    open,
    end,
    answer: () => {
      isAway = false;
    },
  };
}

describe('recover', () => {
  it('should ask nothing while the circuit is closed', async () => {
    const { ask, end } = setUp();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ask).not.toHaveBeenCalled();
    await end();
  });

  it('should close the circuit within a second of the return, however long the outage was', async () => {
    const { circuit, changes, open, answer, end } = setUp();
    await open();
    for (let tries = 0; tries < 60; tries += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      await circuit.run(() => Promise.reject(new BackendError('consul', 'no'))).catch(() => undefined);
    }
    expect(circuit.position()).toBe('open');
    answer();
    await vi.advanceTimersByTimeAsync(600);
    expect(circuit.position()).toBe('closed');
    expect(circuit.isAvailable()).toBe(true);
    expect(changes.at(-1)).toBe('closed');
    await expect(circuit.run(async () => 'answer')).resolves.toBe('answer');
    await end();
  });

  it('should leave alone, longer and longer, what answers the question and fails the work', async () => {
    const { circuit, changes, open, answer, ask, end } = setUp();
    answer();
    for (let second = 0; second < 300; second += 1) {
      if (circuit.position() === 'closed') await open();
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(changes.length).toBeGreaterThan(10);
    expect(ask.mock.calls.length).toBeLessThan(40);
    await end();
  });

  it('should hand on an error that is not of a back end', async () => {
    const circuit = new Circuit('consul', Date.now, () => undefined);
    for (let count = 0; count < 5; count += 1)
      await circuit.run(() => Promise.reject(new BackendError('consul', 'no'))).catch(() => undefined);
    const ask = () => Promise.reject(new TypeError('a bug'));
    const running = expect(recover({ circuit, ask, now: Date.now }, new AbortController().signal)).rejects.toThrow('a bug');
    await vi.advanceTimersByTimeAsync(1000);
    await running;
  });
});
