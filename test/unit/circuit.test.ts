import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Circuit, type CircuitPosition, guarded } from '../../src/circuit.ts';
import { BackendError, ContentionError, DeposedError, RefusedError } from '../../src/errors.ts';

const T0 = Date.parse('2026-11-24T12:00:00.000Z');
/** The longest that a circuit stays open before it lets one call try. */
const MAX_OPEN = 15_000;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const changes: CircuitPosition[] = [];
  const circuit = new Circuit(
    'consul',
    () => Date.now(),
    (position) => changes.push(position),
  );
  const fail = (error: Error = new BackendError('consul', 'connection refused')) =>
    expect(circuit.run(() => Promise.reject(error))).rejects.toBe(error);
  const succeed = () => circuit.run(async () => 'answer');
  const open = async () => {
    for (let i = 0; i < 5; i += 1) await fail();
  };
  return { circuit, changes, fail, succeed, open };
}

describe('run', () => {
  it('should pass on what the call returns and throws', async () => {
    const { succeed, fail } = setUp();
    expect(await succeed()).toBe('answer');
    await fail();
  });

  it('should open after five failures in a row, and then refuse at once without a call', async () => {
    const { circuit, changes, fail } = setUp();
    for (let i = 0; i < 4; i += 1) await fail();
    expect(circuit.position()).toBe('closed');
    await fail();
    expect([circuit.position(), changes]).toEqual(['open', ['open']]);
    const call = vi.fn(async () => 'answer');
    const refusal = await circuit.run(call).catch((error: unknown) => error);
    expect(call).not.toHaveBeenCalled();
    expect(refusal).toBeInstanceOf(BackendError);
    expect(refusal).toMatchObject({ backend: 'consul', message: expect.stringContaining('connection refused') });
  });

  it('should count failures in a row only', async () => {
    const { circuit, fail, succeed } = setUp();
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) await fail();
      await succeed();
    }
    expect(circuit.position()).toBe('closed');
  });

  it.each([
    ['that others were in the way', new ContentionError('consul', 'lock timeout')],
    ['that another gateway leads', new DeposedError('term 1 is over')],
    ['that the back end refused for good', new RefusedError('consul', 'bad request')],
    ['that another back end failed', new BackendError('postgres', 'connection refused')],
    ['that is our own', new TypeError('a bug')],
  ])('should not take an error for an illness that says %s', async (_, error) => {
    const { circuit, fail } = setUp();
    for (let i = 0; i < 20; i += 1) await fail(error);
    expect([circuit.position(), circuit.isAvailable(), circuit.lastError()]).toEqual(['closed', true, null]);
  });

  it('should let one call try after a while, and close when it succeeds', async () => {
    const { circuit, changes, open, succeed } = setUp();
    await open();
    await vi.advanceTimersByTimeAsync(MAX_OPEN);
    expect(await succeed()).toBe('answer');
    expect([circuit.position(), changes]).toEqual(['closed', ['open', 'half_open', 'closed']]);
    expect(circuit.isAvailable()).toBe(true);
  });

  it("should not stay open for as long as the machine's clock was put back", async () => {
    const { circuit, open, succeed } = setUp();
    await open();
    vi.setSystemTime(T0 - 3_600_000);
    await vi.advanceTimersByTimeAsync(2 * MAX_OPEN + 1);
    expect(await succeed()).toBe('answer');
    expect(circuit.position()).toBe('closed');
  });

  it('should be half open while that call runs, and open again when it fails', async () => {
    const { circuit, open } = setUp();
    await open();
    await vi.advanceTimersByTimeAsync(MAX_OPEN);
    let end: (error: Error) => void = () => undefined;
    const trial = circuit.run(() => new Promise((_, reject) => (end = reject)));
    const ended = expect(trial).rejects.toThrow('still ill');
    await vi.advanceTimersByTimeAsync(0);
    expect(circuit.position()).toBe('half_open');
    end(new BackendError('consul', 'still ill'));
    await ended;
    expect([circuit.position(), circuit.lastError()]).toEqual(['open', 'still ill']);
  });

  it('should stay open longer after each failed try, 15 s at most', async () => {
    const { circuit, open, fail } = setUp();
    await open();
    const tries: number[] = [];
    let last = T0;
    while (tries.length < 12) {
      await vi.advanceTimersByTimeAsync(50);
      const call = vi.fn(() => Promise.reject(new BackendError('consul', 'ill')));
      await circuit.run(call).catch(() => undefined);
      if (call.mock.calls.length === 0) continue;
      tries.push(Date.now() - last);
      last = Date.now();
    }
    expect(Math.max(...tries)).toBeLessThanOrEqual(MAX_OPEN + 50);
    const mean = (some: readonly number[]) => some.reduce((sum, one) => sum + one, 0) / some.length;
    expect(mean(tries.slice(-4))).toBeGreaterThan(mean(tries.slice(0, 3)));
    expect(circuit.position()).toBe('open');
    await fail(new BackendError('consul', 'anything')).catch(() => undefined);
  });
});

describe('isAvailable', () => {
  it('should be false before the first answer', () => {
    expect(setUp().circuit.isAvailable()).toBe(false);
  });

  it('should follow the last call, before the circuit opens', async () => {
    const { circuit, fail, succeed } = setUp();
    await succeed();
    expect(circuit.isAvailable()).toBe(true);
    await fail();
    expect([circuit.isAvailable(), circuit.position()]).toEqual([false, 'closed']);
    await succeed();
    expect(circuit.isAvailable()).toBe(true);
  });
});

describe('since', () => {
  it('should tell since when it is, or is not, available', async () => {
    const { circuit, fail, succeed } = setUp();
    const elapsed = async (step: () => Promise<unknown>) => {
      await vi.advanceTimersByTimeAsync(1000);
      await step();
      return circuit.since() - T0;
    };
    expect(circuit.since()).toBe(T0);
    expect(await elapsed(succeed)).toBe(1000);
    expect(await elapsed(succeed)).toBe(1000);
    expect(await elapsed(fail)).toBe(3000);
    expect(await elapsed(fail)).toBe(3000);
    expect(await elapsed(succeed)).toBe(5000);
    expect(circuit.lastSuccessAt()).toBe(T0 + 5000);
  });
});

describe('guarded', () => {
  class Service {
    readonly name = 'service';
    readonly #answer = 42;

    async ask(add: number): Promise<number> {
      return this.#answer + add;
    }

    fail(): Promise<never> {
      throw new BackendError('consul', 'thrown before there was a promise');
    }

    define(): number {
      return this.#answer;
    }
  }

  it('should put the named methods behind the circuit and leave the rest as it is', async () => {
    const { circuit, open } = setUp();
    const service = guarded(new Service(), circuit, ['ask']);
    expect(await service.ask(1)).toBe(43);
    expect([service.define(), service.name]).toEqual([42, 'service']);
    await open();
    await expect(service.ask(1)).rejects.toThrow(BackendError);
    expect(service.define()).toBe(42);
  });

  it('should count what a method throws before it returns', async () => {
    const { circuit } = setUp();
    const service = guarded(new Service(), circuit, ['fail']);
    for (let i = 0; i < 5; i += 1) await expect(service.fail()).rejects.toThrow('thrown before');
    expect(circuit.position()).toBe('open');
  });
});
