import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ignored, Rejection } from '../../../src/events/announcement.ts';
import type { Change } from '../../../src/registry/change.ts';
import { Ingest, type IngestParts } from '../../../src/registry/ingest.ts';
import { batch } from './fakes/incoming.ts';
import { acknowledgement, announcement, goodbye, heartbeat, nodeId, TOPIC } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ALWAYS = new AbortController().signal;
const ignored: Ignored = { kind: 'ignored', reason: 'of another kind' };
const rejection: Rejection = { kind: 'rejection', errorType: 'NOT_JSON', reason: 'The value is not JSON.', correlationId: null };

function ingestOf(core: RegistryCore) {
  const committed: Change[] = [];
  const renewed: Parameters<IngestParts['onRenewed']>[0][number][] = [];
  const heard: string[][] = [];
  const { saga, store, messenger, log } = core;
  const ingest = new Ingest({
    saga,
    store,
    messenger,
    log,
    now: core.clock.now,
    onCommitted: (changes) => void committed.push(...changes),
    onRenewed: (nodes) => void renewed.push(...nodes),
    onHeartbeats: (nodeIds) => void heard.push([...nodeIds]),
  });
  return { ingest, committed, renewed, heard };
}

/** Lets time pass until the work ends. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  work.then(end, end);
  for (let seconds = 0; !isOver && seconds < 600; seconds += 1) await vi.advanceTimersByTimeAsync(1000);
  expect(isOver, 'it ends within ten minutes').toBe(true);
  return work;
}

describe('process', () => {
  it('should work off every kind of message and count each once', async () => {
    const core = new RegistryCore();
    const { ingest, committed, renewed, heard } = ingestOf(core);
    await ingest.process(batch([announcement('n')]), ALWAYS);
    const events = [
      announcement('n', { at: 1, correlationId: 'again' }),
      announcement('n', { at: -1 }),
      heartbeat('n', { reportedHealth: 'degraded' }),
      heartbeat('stranger'),
      acknowledgement('n'),
      ignored,
      rejection,
      goodbye('m'),
    ];
    expect(await ingest.process(batch(events, 1), ALWAYS)).toBe(true);
    const counts = { applied: 2, unchanged: 1, superseded: 1, rejected: 1, heartbeat: 2, acknowledged: 1, ignored: 1 };
    expect(core.store.positions.counts).toEqual(counts);
    expect(ingest.counts).toEqual({ ...counts, failed: 0 });
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(9);
    expect(committed.map(({ nodeId: id, type }) => [id, type])).toEqual([['n', 'ADDED']]);
    expect(renewed).toMatchObject([{ correlationId: 'again' }]);
    expect(heard).toEqual([['n', 'stranger']]);
    expect(core.store.node(nodeId('n'))).toMatchObject({
      liveness: { reportedHealth: 'degraded', lastHeartbeatAt: core.clock.now() },
      acknowledgedAt: core.clock.now(),
    });
  });

  it('should tell of acknowledgements like of heartbeats, so that they are read at once', async () => {
    const core = new RegistryCore();
    const { ingest, heard } = ingestOf(core);
    await ingest.process(batch([acknowledgement('n')]), ALWAYS);
    expect(heard).toEqual([[]]);
  });

  it('should count a batch that is delivered again no second time', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    const again = batch([announcement('n'), goodbye('n', { at: 1 }), heartbeat('n'), rejection, ignored]);
    await ingest.process(again, ALWAYS);
    await ingest.process(again, ALWAYS);
    expect(core.store.positions.counts).toMatchObject({ applied: 2, heartbeat: 1, rejected: 1, ignored: 1, unchanged: 0, superseded: 0 });
    expect(core.store.rejected).toHaveLength(1);
    expect(core.store.log.entries.map(({ type }) => type)).toEqual(['ADDED', 'REMOVED']);
  });

  it('should record completion only with the last step', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    const stop = new AbortController();
    core.store.faults.always('recordLiveness', 'before');
    const processing = ingest.process(batch([announcement('n'), heartbeat('n')]), stop.signal);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(core.store.positions.counts).toMatchObject({ applied: 1, heartbeat: 0 });
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(0);
    core.store.faults.clear();
    expect(await whileTimePasses(processing)).toBe(true);
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(2);
  });

  it.each([
    ['transact', announcement('n')],
    ['recordLiveness', heartbeat('n')],
    ['recordAcknowledgements', acknowledgement('n')],
    ['recordRejections', rejection],
    ['recordRejections', ignored],
  ] as const)('should retry %s until Postgres takes it, and dead-letter nothing for that', async (call, event) => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    for (const fault of ['before', 'after', 'lost', 'before'] as const) core.store.faults.next(call, fault);
    expect(await whileTimePasses(ingest.process(batch([event]), ALWAYS))).toBe(true);
    expect(core.store.positions.total()).toBe(1);
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(1);
    expect(core.messenger.letters).toHaveLength(event.kind === 'rejection' ? 1 : 0);
    expect(ingest.counts.failed).toBeGreaterThanOrEqual(3);
  });

  it('should retry what Consul did not take', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    core.catalog.faults.next('register', 'fail', 3);
    core.catalog.faults.next('register', 'applied');
    expect(await whileTimePasses(ingest.process(batch([announcement('a'), announcement('b')]), ALWAYS))).toBe(true);
    expect(Object.keys(core.services()).sort()).toEqual(['effect-a', 'effect-b']);
    expect(core.store.positions.counts).toMatchObject({ applied: 2, rejected: 0 });
    expect(core.messenger.letters).toEqual([]);
  });

  it('should wait ever longer between its tries, but never longer than 3 s', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    const stop = new AbortController();
    core.store.faults.always('recordLiveness', 'before');
    const processing = ingest.process(batch([heartbeat('n')]), stop.signal);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ingest.counts.failed).toBeGreaterThanOrEqual(20);
    expect(ingest.counts.failed).toBeLessThan(60);
    stop.abort();
    await whileTimePasses(processing);
  });

  it('should end within the time of one try when told to stop, and leave the batch incomplete', async () => {
    const core = new RegistryCore();
    const { ingest, heard } = ingestOf(core);
    const stop = new AbortController();
    core.store.faults.always('transact', 'before');
    const processing = ingest.process(batch([announcement('n'), heartbeat('n')]), stop.signal);
    await vi.advanceTimersByTimeAsync(30_000);
    stop.abort();
    const ended = vi.fn();
    void processing.then(ended);
    await vi.advanceTimersByTimeAsync(4000);
    expect(ended).toHaveBeenCalledWith(false);
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(0);
    expect(core.store.positions.total()).toBe(0);
    expect(heard).toEqual([]);
  });

  it('should hand a batch back when a back end is away, and count it once when it comes again', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    const hold = new AbortController();
    core.catalog.faults.next('register', 'fail', 100);
    const events = [announcement('n'), announcement('m'), heartbeat('n')];
    const processing = ingest.process(batch(events), ALWAYS, hold.signal);
    await vi.advanceTimersByTimeAsync(1000);
    hold.abort();
    expect(await whileTimePasses(processing)).toBe(false);
    core.catalog.faults.clear();
    expect(await whileTimePasses(ingest.process(batch(events), ALWAYS, new AbortController().signal))).toBe(true);
    expect(core.store.positions.counts).toMatchObject({ applied: 2, heartbeat: 1 });
  });

  it('should keep what it is rejecting, so that an outage of Postgres writes no second letter', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    const hold = new AbortController();
    core.store.faults.always('recordRejections', 'before');
    const processing = ingest.process(batch([rejection]), ALWAYS, hold.signal);
    await vi.advanceTimersByTimeAsync(1000);
    hold.abort();
    await vi.advanceTimersByTimeAsync(10_000);
    core.store.faults.clear();
    expect(await whileTimePasses(processing)).toBe(true);
    expect(core.messenger.letters).toHaveLength(1);
    expect(core.store.positions.counts).toMatchObject({ rejected: 1 });
  });

  it('should hand on an error that is not of a back end', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    core.probe.probe = () => Promise.reject(new TypeError('a bug'));
    await expect(ingest.process(batch([announcement('n')]), ALWAYS)).rejects.toThrow('a bug');
  });
});

describe('a rejected message', () => {
  it('should go to the dead-letter topic first, whole, then to the table with its excerpt', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    core.messenger.faults.next('deadLetter', 'fail', 2);
    core.messenger.faults.next('deadLetter', 'sent');
    const processing = ingest.process(batch([rejection]), ALWAYS);
    await vi.advanceTimersByTimeAsync(0);
    expect(core.store.rejected).toEqual([]);
    expect(await whileTimePasses(processing)).toBe(true);
    // The one whose answer was lost is there twice: twice is not lost.
    expect(core.messenger.letters).toHaveLength(2);
    expect(core.messenger.letters[0]).toEqual({
      position: { topic: TOPIC, partition: 0, offset: '0' },
      key: Buffer.from('key 0'),
      value: Buffer.from('value 0'),
      rejection,
      failedAt: core.clock.now(),
    });
    expect(core.store.rejected).toMatchObject([{ excerpt: 'excerpt 0', rejection, rejectedAt: core.clock.now() }]);
    expect(core.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toContain(
      'rejected a message, it is in the dead-letter topic',
    );
  });

  it('should never show its value in the log', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    await ingest.process(batch([rejection]), ALWAYS);
    expect(JSON.stringify(core.lines)).not.toMatch(/value 0|excerpt 0/);
  });

  it.each([
    ['REFUSED_BY_CONSUL', 'consul'],
    ['REFUSED_BY_POSTGRES', 'postgres'],
  ] as const)('should be kept as %s, alone, when %s never takes it', async (errorType, backend) => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    if (backend === 'consul') core.catalog.refuses = (id) => id === 'effect-b';
    else core.store.refuses = ({ nodeId: id }) => id === 'b';
    const events = [announcement('a'), announcement('b', { correlationId: 'c' }), announcement('c')];
    expect(await whileTimePasses(ingest.process(batch(events), ALWAYS))).toBe(true);
    expect(core.messenger.letters).toMatchObject([{ position: { offset: '1' }, rejection: { errorType, correlationId: 'c' } }]);
    expect(core.store.rejected).toMatchObject([{ position: { offset: '1' }, excerpt: 'excerpt 1' }]);
    expect(core.store.positions.counts).toMatchObject({ applied: 2, rejected: 1 });
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(3);
    expect(Object.keys(core.services())).toEqual(['effect-a', 'effect-c']);
  });

  it('should be dead-lettered once although the record of it, or the completion of its batch, has to be tried again', async () => {
    const core = new RegistryCore();
    const { ingest } = ingestOf(core);
    core.catalog.refuses = () => true;
    core.store.faults.next('recordRejections', 'before', 2);
    core.store.faults.next('recordRejections', null);
    core.store.faults.next('recordRejections', 'before', 2);
    expect(await whileTimePasses(ingest.process(batch([announcement('n')]), ALWAYS))).toBe(true);
    expect(core.messenger.letters).toHaveLength(1);
    expect(ingest.counts.rejected).toBe(1);
    expect(core.store.positions.nextOffset(TOPIC, 0)).toBe(1);
  });
});
