import { describe, expect, it } from 'vitest';
import type { RegistryObserver, Work } from '../../../src/registry/observer.ts';
import { UNOBSERVED } from '../../../src/registry/observer.ts';
import { RegistrationSaga } from '../../../src/registry/saga.ts';
import { announcement } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

/** Everything that the observer is told, in words, and the work that it was. */
class Witness implements RegistryObserver {
  readonly told: string[] = [];
  readonly works: Work[] = [];
  readonly received = UNOBSERVED.received;
  readonly arrived = UNOBSERVED.arrived;
  readonly ordered = UNOBSERVED.ordered;
  readonly traceparentOf = UNOBSERVED.traceparentOf;

  readonly began: RegistryObserver['began'] = (positions) => {
    this.told.push(`began ${positions.map(({ offset }) => offset).join(' ')}`);
  };

  readonly step: RegistryObserver['step'] = (step, positions, work) => {
    this.told.push(`${step} of ${positions.map(({ offset }) => offset).join(' ')}${work.error === undefined ? '' : ' failed'}`);
    this.works.push(work);
  };

  readonly ended: RegistryObserver['ended'] = (end, positions, work) => {
    this.told.push(`${end} ${positions.map(({ offset }) => offset).join(' ')}`);
    this.works.push(work);
  };
}

function setUp() {
  const core = new RegistryCore();
  const { store, catalog, probe, view, alignment, hearing, log } = core;
  const observer = new Witness();
  const saga = new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log, observer });
  return { core, saga, observer };
}

describe('what the saga tells its observer', () => {
  it('should be each step in its order, and what it came to', async () => {
    const { core, saga, observer } = setUp();
    await saga.run(core.items(announcement('a')), []);
    expect(observer.told).toEqual(['began 0', 'probe of 0', 'lock of 0', 'consul of 0', 'commit of 0', 'applied 0']);
    for (const { startedAt, endedAt } of observer.works) expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  });

  it('should be no step that was not taken: unchanged content is neither probed nor registered', async () => {
    const { core, saga, observer } = setUp();
    await saga.run(core.items(announcement('a')), []);
    core.follow();
    observer.told.length = 0;
    await saga.run(core.items(announcement('a', { at: 1 })), []);
    expect(observer.told).toEqual(['began 1', 'lock of 1', 'commit of 1', 'unchanged 1']);
  });

  it('should name all that went together, and of Consul each by itself', async () => {
    const { core, saga, observer } = setUp();
    await saga.run(core.items(announcement('a'), announcement('b'), announcement('a', { at: -1 })), []);
    expect(observer.told.filter((line) => line.startsWith('lock'))).toEqual(['lock of 0 2 1']);
    expect(observer.told.filter((line) => line.startsWith('consul'))).toEqual(['consul of 0 2', 'consul of 1']);
    expect(observer.told.slice(-2)).toEqual(['applied 0 1', 'superseded 2']);
  });

  it('should be the step that failed, and who is tried again', async () => {
    const { core, saga, observer } = setUp();
    core.catalog.fails = (id) => id === 'effect-b';
    await saga.run(core.items(announcement('a'), announcement('b')), []);
    expect(observer.told).toContain('consul of 1 failed');
    expect(observer.told.slice(-2)).toEqual(['applied 0', 'retried 1']);
    expect(String(observer.works.at(-1)?.error)).toContain('will retry');
  });

  it('should be COMMIT where Postgres fails behind the work, the lock where it fails before', async () => {
    const { core, saga, observer } = setUp();
    core.store.faults.next('transact', 'after');
    const { retry } = await saga.run(core.items(announcement('a')), []);
    expect(observer.told.slice(-2)).toEqual(['commit of 0 failed', 'retried 0']);
    core.store.faults.next('transact', 'before');
    await saga.run(retry, []);
    expect(observer.told.slice(-2)).toEqual(['lock of 0 failed', 'retried 0']);
  });

  it('should be who is refused, with why', async () => {
    const { core, saga, observer } = setUp();
    core.catalog.refuses = () => true;
    await saga.run(core.items(announcement('a')), []);
    expect(observer.told).toContain('consul of 0 failed');
    expect(observer.told.at(-1)).toBe('refused 0');
    expect(String(observer.works.at(-1)?.error)).toContain('is refused');
  });
});
