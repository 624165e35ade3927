import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Listener } from '../../../src/node/listener.ts';
import { FakeKafka, quietLogger } from './fake-kafka.ts';

let kafka: FakeKafka;
let logger: ReturnType<typeof quietLogger>;
let end: AbortController;
let heard: string[];
let running: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  kafka = new FakeKafka();
  kafka.topics.splice(0);
  kafka.topics.push('a', 'b');
  logger = quietLogger();
  end = new AbortController();
  heard = [];
});

afterEach(async () => {
  end.abort();
  await vi.advanceTimersByTimeAsync(1);
  await running;
  expect(kafka.open).toBe(0);
  vi.useRealTimers();
});

async function listen(onMessage: (topic: string) => void = (topic) => heard.push(topic)): Promise<void> {
  const parts = { kafka, groupId: 'group-1', topics: ['a', 'b'], startedAt: 100_000, logger };
  running = new Listener({ ...parts, onMessage: ({ topic }) => onMessage(topic) }).run(end.signal);
  await vi.advanceTimersByTimeAsync(1);
}

const current = () => kafka.consumers.filter(({ running }) => running);

describe('Listener', () => {
  it('should read all topics from now on, in the group of the node', async () => {
    await listen();
    kafka.deliver('b', {});
    expect(heard).toEqual(['b']);
    expect(kafka.consumers[0]).toMatchObject({
      topics: ['a', 'b'],
      fromBeginning: false,
      config: { groupId: 'group-1', allowAutoTopicCreation: false },
    });
  });

  it('should begin half a minute before the node did where its group never read, and go on elsewhere', async () => {
    kafka.read.set(1, '17');
    await listen();
    expect(kafka.consumers[0]?.sought).toEqual([
      { topic: 'a', partition: 0, offset: 'first since 70000' },
      { topic: 'b', partition: 0, offset: 'first since 70000' },
    ]);
  });

  it('should replace a consumer that crashed, however often', async () => {
    await listen();
    for (let crashes = 1; crashes <= 20; crashes += 1) {
      current()[0]?.crash('the broker is gone');
      // Each had listened, so the pause is the first one again.
      await vi.advanceTimersByTimeAsync(500);
      expect(kafka.consumers).toHaveLength(crashes + 1);
      expect(current()).toHaveLength(1);
    }
    kafka.deliver('a', {});
    expect(heard).toEqual(['a']);
    expect(logger.warnings).toHaveLength(20);
  });

  it('should warn of nothing while a Kafka that has just started loads the group', async () => {
    await listen();
    current()[0]?.crash('The coordinator is loading', 'GROUP_LOAD_IN_PROGRESS');
    await vi.advanceTimersByTimeAsync(500);
    expect(current()).toHaveLength(1);
    expect(logger.warnings).toEqual([]);
  });

  it('should try again, with longer pauses, while Kafka is down', async () => {
    kafka.state = 'refuses';
    await listen();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(logger.warnings.length).toBeGreaterThan(5);
    expect(logger.warnings.length).toBeLessThan(10);
    kafka.recover();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(current()).toHaveLength(1);
  });

  it('should leave out topics that do not exist, and add them when they do', async () => {
    kafka.topics.splice(0, 2, 'b');
    await listen();
    expect(current()[0]?.topics).toEqual(['b']);
    kafka.topics.push('a');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(current()).toHaveLength(1);
    expect(current()[0]?.topics).toEqual(['a', 'b']);
  });

  it('should wait while there is no topic at all', async () => {
    kafka.topics.splice(0);
    await listen();
    expect(kafka.consumers).toEqual([]);
    kafka.topics.push('a');
    await vi.advanceTimersByTimeAsync(5000);
    expect(current()[0]?.topics).toEqual(['a']);
  });

  it('should not begin to consume when it is to end already', async () => {
    const listening = listen();
    end.abort();
    await listening;
    expect(kafka.consumers).toEqual([]);
  });

  it('should go on after a message that could not be handled', async () => {
    await listen((topic) => {
      heard.push(topic);
      if (topic === 'a') throw new Error('strange message');
    });
    kafka.deliver('a', {});
    kafka.deliver('b', {});
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['a', 'b']);
    expect(current()).toHaveLength(1);
  });
});
