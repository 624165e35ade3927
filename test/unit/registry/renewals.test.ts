import { describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import { Renewals } from '../../../src/registry/renewals.ts';
import { until } from '../../until.ts';
import { FakeClock } from './fakes/clock.ts';
import { FakeMessenger } from './fakes/fake-messenger.ts';
import { record } from './fakes/node-record.ts';
import { recordedLog } from './fakes/recorded-log.ts';

describe('answer', () => {
  it("should say accepted with the cursor of the change that stands, and the startup's correlation id", async () => {
    const messenger = new FakeMessenger();
    const clock = new FakeClock();
    new Renewals({ messenger, now: clock.now, log: recordedLog().log }).answer([
      { node: record('n', { cursor: toCursor(7) }), correlationId: 'c' },
    ]);
    await until('it is said', () => messenger.accepted.length > 0);
    expect(messenger.accepted).toEqual([
      { nodeId: 'n', consulServiceId: 'effect-n', cursor: 7, correlationId: 'c', acceptedAt: clock.now() },
    ]);
  });

  it('should only tell of an answer that Kafka did not take: the node is registered all the same', async () => {
    const messenger = new FakeMessenger();
    messenger.faults.next('accept', 'fail');
    const { log, lines } = recordedLog();
    new Renewals({ messenger, now: new FakeClock().now, log }).answer([{ node: record('n'), correlationId: null }]);
    const [line] = await until('it is told', () => (lines.length > 0 ? lines : null));
    expect(line).toMatchObject({ level: 'warn', msg: 'could not answer startups', nodes: 1 });
  });
});
