import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/errors.ts';
import type { Meaning } from '../../../src/events/event-kind.ts';
import { Pauses } from '../../../src/kafka/pauses.ts';

const TOPICS = ['intro', 'beat', 'ack'];

function setUp() {
  const away = new Set<Backend>();
  const said: string[] = [];
  const calls: string[] = [];
  const meanings = new Map<string, Meaning>([
    ['intro', 'introspection'],
    ['beat', 'heartbeat'],
    ['ack', 'acknowledgement'],
  ]);
  const blocker = (meaning: Meaning): Backend | null => {
    if (away.has('postgres')) return 'postgres';
    return meaning === 'introspection' && away.has('consul') ? 'consul' : null;
  };
  const pauses = new Pauses(meanings, blocker, (meaning, by) => said.push(`${meaning}: ${by}`));
  const consumer = {
    pause: (topics: readonly { topic: string }[]) => void calls.push(...topics.map(({ topic }) => `pause ${topic}`)),
    resume: (topics: readonly { topic: string }[]) => void calls.push(...topics.map(({ topic }) => `resume ${topic}`)),
  };
  const look = () => {
    pauses.look();
    pauses.apply(consumer, TOPICS);
  };
  look();
  return { away, said, calls, pauses, consumer, look };
}

describe('Pauses', () => {
  it('should pause only what needs the back end that is away, once, and resume it when it is back', () => {
    const { away, said, calls, pauses, look } = setUp();
    away.add('consul');
    look();
    look();
    expect([calls, said, pauses.waitsFor()]).toEqual([['pause intro'], ['introspection: consul'], ['consul']]);
    expect(TOPICS.filter((topic) => pauses.isPaused(topic))).toEqual(['intro']);
    away.clear();
    look();
    expect([calls.at(-1), said.at(-1), pauses.waitsFor()]).toEqual(['resume intro', 'introspection: null', []]);
  });

  it('should go on pausing when another back end goes before the first is back', () => {
    const { away, calls, pauses, look } = setUp();
    away.add('consul');
    look();
    away.add('postgres');
    look();
    expect(pauses.waitsFor()).toEqual(['postgres']);
    away.delete('postgres');
    look();
    expect([calls, pauses.waitsFor()]).toEqual([['pause intro', 'pause beat', 'pause ack', 'resume beat', 'resume ack'], ['consul']]);
  });

  it('should cut short what is in work, and not what comes after the pause', () => {
    const { away, pauses, look } = setUp();
    const holds = TOPICS.map((topic) => pauses.holdOf(topic));
    away.add('consul');
    look();
    expect(holds.map(({ aborted }) => aborted)).toEqual([true, false, false]);
    expect(pauses.holdOf('intro').aborted).toBe(true);
    away.clear();
    look();
    expect(pauses.holdOf('intro').aborted).toBe(false);
  });

  it('should pause a new consumer as well', () => {
    const { away, calls, pauses, look } = setUp();
    away.add('consul');
    look();
    pauses.forget();
    look();
    expect(calls).toEqual(['pause intro', 'pause intro']);
  });

  it('should try again what the consumer did not take', () => {
    const { away, calls, pauses, look } = setUp();
    away.add('consul');
    pauses.look();
    const refusing = {
      pause: () => {
        throw new Error('not running');
      },
      resume: () => undefined,
    };
    expect(() => pauses.apply(refusing, TOPICS)).toThrow('not running');
    look();
    expect(calls).toEqual(['pause intro']);
  });
});
