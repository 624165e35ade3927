import { describe, expect, it } from 'vitest';
import { BackendError, DeposedError } from '../../../src/errors.ts';
import { cleanUp } from '../../../src/registry/clean-up.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { FakeClock } from './fakes/clock.ts';
import { record } from './fakes/node-record.ts';
import { silentLog } from './fakes/recorded-log.ts';

const DAY = 86_400_000;

function setUp(term: number | null) {
  const clock = new FakeClock();
  const view = new RegistryView();
  view.load(
    [
      record('gone', { state: 'REMOVED', stateReason: 'shutdown', consulServiceId: null, updatedAt: clock.now() - 2 * DAY }),
      record('here'),
    ],
    toCursor(2),
  );
  const cleaned: { readonly now: number; readonly term: number }[] = [];
  let failure: Error | null = null;
  const store = {
    cleanUp: async (now: number, in_: number) => {
      if (failure !== null) throw failure;
      cleaned.push({ now, term: in_ });
      return { nodes: 1, rejectedEvents: 0, requests: 0, changes: 0 };
    },
  };
  const run = () => cleanUp({ view, store, leadership: { term: () => term }, removedRetention: DAY, now: clock.now, log: silentLog() });
  return {
    clock,
    view,
    cleaned,
    run,
    fail: (error: Error) => {
      failure = error;
    },
  };
}

describe('cleanUp', () => {
  it('should forget in memory what left before the retention, on every gateway', async () => {
    const { view, run, cleaned } = setUp(null);
    await run();
    expect([view.get('gone'), view.get('here')?.nodeId, cleaned]).toEqual([undefined, 'here', []]);
  });

  it('should clean Postgres as the leader, in its term', async () => {
    const { run, cleaned, clock } = setUp(7);
    await run();
    expect(cleaned).toEqual([{ now: clock.now(), term: 7 }]);
  });

  it.each([
    ['does not answer', new BackendError('postgres', 'away')],
    ['says that another leads', new DeposedError('term 7 is over')],
  ])('should leave it to the next time when Postgres %s', async (_, error) => {
    const { run, fail, cleaned } = setUp(7);
    fail(error);
    await run();
    expect(cleaned).toEqual([]);
  });

  it('should not hide a bug', async () => {
    const { run, fail } = setUp(7);
    fail(new TypeError('a bug'));
    await expect(run()).rejects.toThrow('a bug');
  });
});
