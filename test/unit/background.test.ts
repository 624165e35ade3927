import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Background } from '../../src/background.ts';
import { recordedLog } from './registry/fakes/recorded-log.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const { log, lines } = recordedLog();
  return { background: new Background(log), lines };
}

const untilAborted = (signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

describe('start', () => {
  it('should run a task until the gateway stops', async () => {
    const { background } = setUp();
    background.start('feed', untilAborted);
    expect([background.isRunning('feed'), background.isRunning('other')]).toEqual([true, false]);
    await background.stop();
    expect(background.isRunning('feed')).toBe(false);
  });

  it('should start a task again a second after it failed, and say so', async () => {
    const { background, lines } = setUp();
    let runs = 0;
    background.start('feed', async (signal) => {
      runs += 1;
      if (runs < 3) throw new Error(`failure ${runs}`);
      await untilAborted(signal);
    });
    await vi.advanceTimersByTimeAsync(999);
    expect([runs, background.isRunning('feed')]).toEqual([1, false]);
    expect(lines).toMatchObject([{ level: 'error', task: 'feed', error: { message: 'failure 1' } }]);
    await vi.advanceTimersByTimeAsync(1001);
    expect([runs, background.isRunning('feed')]).toEqual([3, true]);
    await background.stop();
  });

  it('should not take a task for running that has come to its end', async () => {
    const { background } = setUp();
    background.start('once', async () => undefined);
    await vi.advanceTimersByTimeAsync(5000);
    expect(background.isRunning('once')).toBe(false);
  });

  it('should not keep one task waiting for another', async () => {
    const { background } = setUp();
    background.start('hangs', untilAborted);
    let ran = false;
    background.start('quick', async () => {
      ran = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(ran).toBe(true);
    await background.stop();
  });
});

describe('every', () => {
  it('should work after each interval, the first time after one', async () => {
    const { background } = setUp();
    let times = 0;
    background.every('clean-up', 1000, async () => {
      times += 1;
    });
    expect(background.isRunning('clean-up')).toBe(true);
    await vi.advanceTimersByTimeAsync(999);
    expect(times).toBe(0);
    await vi.advanceTimersByTimeAsync(2001);
    expect(times).toBe(3);
    await background.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(times).toBe(3);
  });

  it('should not run twice at a time', async () => {
    const { background } = setUp();
    let running = 0;
    let most = 0;
    background.every('slow', 100, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 350));
      running -= 1;
    });
    await vi.advanceTimersByTimeAsync(2000);
    expect(most).toBe(1);
    const stopped = background.stop();
    await vi.advanceTimersByTimeAsync(350);
    await stopped;
  });

  it('should go on after a failure', async () => {
    const { background, lines } = setUp();
    let times = 0;
    background.every('clean-up', 1000, async () => {
      times += 1;
      if (times === 1) throw new Error('once');
    });
    await vi.advanceTimersByTimeAsync(3000);
    expect([times, lines.length]).toEqual([2, 1]);
    await background.stop();
  });
});

describe('stop', () => {
  it('should wait for every task to end', async () => {
    const { background } = setUp();
    let ended = false;
    background.start('slow to end', async (signal) => {
      await untilAborted(signal);
      await new Promise((resolve) => setTimeout(resolve, 500));
      ended = true;
    });
    const stopped = background.stop().then(() => ended);
    await vi.advanceTimersByTimeAsync(500);
    expect(await stopped).toBe(true);
    expect(background.signal.aborted).toBe(true);
  });

  it('should not start a failed task again', async () => {
    const { background } = setUp();
    let runs = 0;
    background.start('fails', async () => {
      runs += 1;
      throw new Error('again');
    });
    await vi.advanceTimersByTimeAsync(500);
    await background.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(runs).toBe(1);
  });

  it('should not wait longer than it is told for a task that hangs, and name it', async () => {
    const { background } = setUp();
    background.start('hangs', () => new Promise(() => undefined));
    background.start('ends', untilAborted);
    const stopping = background.stop(1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await stopping).toEqual(['hangs']);
  });
});
