import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reporter } from '../../../src/registry/registry.ts';
import { T0 } from './fakes/messages.ts';
import { instance, ProbedInstances, type ProbedOptions } from './fakes/probed-instances.ts';

const me: Reporter = { key: 'address:10.0.0.1', operator: null };

const running: ProbedInstances[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((instances) => instances.stop()));
  vi.useRealTimers();
});

async function start(options: ProbedOptions = {}): Promise<ProbedInstances> {
  const instances = new ProbedInstances(
    ['a', 'b'].map((id) => instance(id)),
    options,
  ).start();
  running.push(instances);
  await vi.advanceTimersByTimeAsync(100);
  return instances;
}

/** What the report comes to; time passes meanwhile. */
async function report({ reports }: ProbedInstances, nodeId: string, reporter = me, reason: string | null = null) {
  const result = reports.report({ nodeId, reason }, reporter).then(
    ({ node, ...rest }) => ({ ...rest, nodeId: node.nodeId }),
    (error: unknown) => ({ error }),
  );
  await vi.advanceTimersByTimeAsync(300);
  return result;
}

describe('a report of a failed call', () => {
  it('should put nobody out who answers', async () => {
    const instances = await start();
    for (let time = 0; time < 5; time += 1) {
      expect(await report(instances, 'a')).toEqual({ nodeId: 'a', probed: true, outcome: 'ANSWERING', output: '200' });
    }
    expect(instances.ask()).toEqual(['a', 'b']);
  });

  it('should put out at once who does not, also where nobody asked for it before', async () => {
    const instances = await start();
    instances.probe.dead.add('a');
    expect(await report(instances, 'a')).toEqual({ nodeId: 'a', probed: true, outcome: 'EJECTED', output: 'connection refused' });
    expect(instances.ask()).toEqual(['b']);
    await vi.advanceTimersByTimeAsync(4000);
    expect(instances.probe.take()['a'], 'and go on probing it').toBeGreaterThanOrEqual(3);
  });

  it('should say where half of the service is out already', async () => {
    const instances = await start();
    for (const id of ['a', 'b']) instances.probe.dead.add(id);
    await report(instances, 'a');
    expect(await report(instances, 'b')).toMatchObject({ probed: true, outcome: 'FAILING', output: 'connection refused' });
    expect(instances.ask()).toEqual(['b']);
  });

  it('should share one probe among all reports of a node within a second', async () => {
    const instances = await start();
    const all = () =>
      Array.from({ length: 20 }, (_, index) => instances.reports.report({ nodeId: 'a' }, { key: `${index}`, operator: null }));
    const early = all();
    await vi.advanceTimersByTimeAsync(900);
    for (const result of await Promise.all([...early, ...all()])) expect(result).toMatchObject({ probed: true, outcome: 'ANSWERING' });
    expect(instances.probe.take()).toEqual({ a: 1 });
    await vi.advanceTimersByTimeAsync(100);
    await report(instances, 'a');
    expect(instances.probe.take()['a']).toBeGreaterThanOrEqual(1);
  });

  it('should say what it is worth while an instance recovers', async () => {
    const instances = await start();
    instances.probe.dead.add('a');
    await report(instances, 'a');
    instances.probe.dead.delete('a');
    await vi.advanceTimersByTimeAsync(700);
    expect(await report(instances, 'a')).toMatchObject({ probed: true, outcome: 'EJECTED', output: '200' });
  });

  it.each([
    ['has no endpoint', instance('a', 'adapter', { endpoints: [], address: null, port: null, checkStatus: 'none' })],
    ['left', instance('a', 'adapter', { state: 'REMOVED' })],
    ['is unhealthy as it is', instance('a', 'adapter', { health: 'UNHEALTHY' })],
  ])('should not probe a node that %s', async (_, node) => {
    const instances = await start();
    instances.load([node]);
    expect(await report(instances, 'a')).toEqual({ nodeId: 'a', probed: false, outcome: 'UNKNOWN', output: null });
    expect(instances.watch.size()).toBe(0);
  });

  it('should not probe where probing is switched off', async () => {
    const instances = new ProbedInstances([instance('a')], { maxInstances: 0 }).start();
    running.push(instances);
    await vi.advanceTimersByTimeAsync(100);
    expect(await report(instances, 'a')).toMatchObject({ probed: false, outcome: 'UNKNOWN' });
    expect(instances.probe.probed).toEqual([]);
  });

  it('should refuse an unknown node', async () => {
    expect(await report(await start(), 'nobody')).toMatchObject({ error: { code: 'NODE_NOT_FOUND' } });
  });

  it('should refuse an asker who reports too much, name the limit, and let others report', async () => {
    const instances = await start({ perMinute: 12 });
    for (const id of ['a', 'nobody']) await report(instances, id);
    expect(await report(instances, 'a')).toMatchObject({
      error: {
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('LIMIT_FAILURE_REPORTS'),
        details: { limit: 'LIMIT_FAILURE_REPORTS', max: 12, retryAfter: 5 },
      },
    });
    expect(await report(instances, 'a', { key: 'token:other', operator: null })).toMatchObject({ probed: true });
    await vi.advanceTimersByTimeAsync(5000);
    expect(await report(instances, 'a')).toMatchObject({ probed: true });
  });

  it('should be in the log, with who said why', async () => {
    const instances = await start();
    await report(instances, 'a', { key: 'token:1', operator: 'alice' }, 'connection reset');
    expect(instances.lines.at(-1)).toMatchObject({
      level: 'info',
      nodeId: 'a',
      operator: 'alice',
      reason: 'connection reset',
      outcome: 'ANSWERING',
    });
    expect(JSON.stringify(instances.lines)).not.toContain('token:1');
  });
});
