import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readRequest } from '../../../src/registry/discovery-request.ts';
import { DiscoveryExplanation } from '../../../src/registry/explanation.ts';
import { nodeId, T0 } from './fakes/messages.ts';
import { instance, ProbedInstances, type ProbedOptions } from './fakes/probed-instances.ts';

const running: ProbedInstances[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((instances) => instances.stop()));
  vi.useRealTimers();
});

function start(ids: readonly string[], options: ProbedOptions = {}): ProbedInstances {
  const instances = new ProbedInstances(
    ids.map((id) => instance(id)),
    options,
  ).start();
  running.push(instances);
  return instances;
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('Probing', () => {
  it('should probe nothing that nobody asks for', async () => {
    const { probe } = start(['a', 'b']);
    await pass(60_000);
    expect(probe.take()).toEqual({});
  });

  it('should probe what an answer could contain, whatever its limit, once for all who ask', async () => {
    const instances = start(['a', 'b', 'c']);
    instances.load([...['a', 'b', 'c'].map((id) => instance(id)), instance('other', 'x', { capabilities: ['other'] })]);
    await instances.askFor(10_000, 'database.query', 1);
    const probes = instances.probe.take();
    expect(Object.keys(probes)).toEqual(['a', 'b', 'c']);
    for (const count of Object.values(probes)) {
      expect(count).toBeGreaterThanOrEqual(5);
      expect(count).toBeLessThanOrEqual(7);
    }
    await pass(11_000);
    instances.probe.take();
    await pass(60_000);
    expect(instances.probe.take(), 'and nothing any more').toEqual({});
  });

  it('should leave out a dead instance within an interval and a second try', async () => {
    const instances = start(['a', 'b']);
    await instances.askFor(5000);
    instances.probe.dead.add('b');
    expect(await instances.askFor(2400)).toEqual(['a']);
    expect(instances.probing.counts().critical).toBe(2);
  });

  it('should try a second time at once, so that one lost probe puts nobody out', async () => {
    const instances = start(['a', 'b']);
    instances.probe.dead.add('b');
    instances.ask();
    await pass(100);
    expect(instances.probe.take()).toEqual({ a: 1, b: 1 });
    instances.probe.dead.delete('b');
    await pass(200);
    expect(instances.probe.take()).toEqual({ b: 1 });
    expect(instances.ask()).toEqual(['a', 'b']);
  });

  it('should leave out one that never answers within 5 s, with the default timeout', async () => {
    const instances = start(['a', 'b']);
    await instances.askFor(5000);
    instances.probe.dead.add('b');
    instances.probe.takes = 1000;
    expect(await instances.askFor(4500)).toEqual(['a']);
  });

  it('should go on probing who is out, once an interval, and let it back after two that pass', async () => {
    const instances = start(['a', 'b']);
    instances.probe.dead.add('b');
    await instances.askFor(3000);
    instances.probe.take();
    await instances.askFor(10_000);
    const { b = 0 } = instances.probe.take();
    expect(b).toBeGreaterThanOrEqual(5);
    expect(b).toBeLessThanOrEqual(6);
    instances.probe.dead.delete('b');
    expect(await instances.askFor(1900)).toEqual(['a']);
    expect(await instances.askFor(2200)).toEqual(['a', 'b']);
  });

  it('should take a 429 for an answer', async () => {
    const instances = start(['a', 'b']);
    instances.probe.busy.add('b');
    expect(await instances.askFor(10_000)).toEqual(['a', 'b']);
    expect(instances.probing.counts().warning).toBeGreaterThan(3);
  });

  it('should keep half when it reaches nobody, and all again when it does', async () => {
    const instances = start(['a', 'b', 'c', 'd', 'e']);
    await instances.askFor(3000);
    for (const id of ['a', 'b', 'c', 'd', 'e']) instances.probe.dead.add(id);
    expect(await instances.askFor(5000)).toHaveLength(3);
    instances.probe.dead.clear();
    expect(await instances.askFor(5000)).toHaveLength(5);
  });

  it('should probe neither what has no endpoint, nor what it may not reach, nor what Consul holds critical', async () => {
    const instances = start([]);
    instances.load([
      instance('a'),
      instance('bare', 'adapter', { endpoints: [], address: null, port: null, checkStatus: 'none' }),
      instance('forbidden'),
      instance('sick'),
    ]);
    instances.probe.forbidden.add('forbidden');
    instances.view.observeChecks(new Map([['effect-sick', { status: 'critical', output: 'refused' }]]));
    expect(await instances.askFor(5000)).toEqual(['a', 'bare', 'forbidden']);
    expect(Object.keys(instances.probe.take())).toEqual(['a']);
  });

  it('should stop probing who turned critical in Consul while it was asked for', async () => {
    const instances = start(['a', 'b']);
    await instances.askFor(3000);
    instances.view.observeChecks(new Map([['effect-b', { status: 'critical', output: 'refused' }]]));
    instances.probe.take();
    await instances.askFor(10_000);
    expect(Object.keys(instances.probe.take())).toEqual(['a']);
  });

  it('should never have more probes under way than it may', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const instances = start(ids, { concurrency: 8 });
    instances.probe.takes = 300;
    await instances.askFor(10_000);
    void instances.probing.examine(nodeId('n1'), 3000);
    await pass(1000);
    expect(instances.probe.mostUnderWay).toBe(8);
    expect(new Set(instances.probe.probed).size, 'each had its turn').toBe(100);
  });

  it('should end at once, and hold nothing against who was being probed', async () => {
    const instances = start(['a']);
    instances.probe.takes = 60_000;
    instances.probe.dead.add('a');
    instances.ask();
    await pass(100);
    expect(instances.probe.underWay).toBe(1);
    await instances.stop();
    await pass(120_000);
    expect(instances.probe.probed).toEqual(['a']);
    expect(instances.ask()).toEqual(['a']);
  });

  it('should say what it could not do, and go on', async () => {
    const instances = start(['a', 'b']);
    vi.spyOn(instances.probe, 'mayReach').mockImplementationOnce(() => {
      throw new Error('a bug');
    });
    instances.ask();
    await pass(100);
    expect(instances.lines).toMatchObject([{ level: 'error', error: { message: 'a bug' } }]);
    await instances.askFor(5000);
    expect(Object.keys(instances.probe.take()).sort()).toEqual(['a', 'b']);
  });
});

describe('explainDiscovery', () => {
  it('should say who is left out, why, since when and until when, and not have anybody probed for it', async () => {
    const instances = start(['a', 'b']);
    const explain = () => new DiscoveryExplanation(instances.view, instances.discovery, readRequest({ capability: 'database.query' }));
    expect(explain().handedOut).toBe(2);
    await pass(5000);
    expect(instances.probe.take()).toEqual({});
    instances.probe.dead.add('b');
    await instances.askFor(3000);
    const explanation = explain();
    expect(explanation.handedOut).toBe(1);
    expect(explanation.summary()).toContain('1 EJECTED');
    const [withheld] = explanation.withheld(5);
    expect(withheld).toMatchObject({ node: { nodeId: 'b' }, reason: 'EJECTED', otherReasons: [] });
    expect(withheld?.since).toBe(instances.ejections.of(nodeId('b'))?.since);
    expect(withheld?.sentence).toMatch(
      /^Consul's check passes, but this gateway's own probes have failed since .*\(connection refused\)\. .* 2 probes in a row pass: see what http:/,
    );
  });
});

describe('examine', () => {
  it('should probe at once, and share a probe that is under way', async () => {
    const instances = start(['a']);
    await pass(100);
    const both = Promise.all([instances.probing.examine(nodeId('a'), 3000), instances.probing.examine(nodeId('a'), 3000)]);
    await pass(10);
    expect(await both).toEqual([
      { status: 'passing', output: '200' },
      { status: 'passing', output: '200' },
    ]);
    expect(instances.probe.probed).toEqual(['a']);
  });

  it('should wait for a probe to end where all are under way, but not for long', async () => {
    const instances = start(['a', 'b', 'c'], { concurrency: 1 });
    instances.probe.takes = 1000;
    await pass(100);
    const first = instances.probing.examine(nodeId('a'), 3000);
    const second = instances.probing.examine(nodeId('b'), 3000);
    const third = instances.probing.examine(nodeId('c'), 500);
    await pass(500);
    expect(await third).toBeNull();
    await pass(1500);
    expect((await Promise.all([first, second])).map((found) => found?.status)).toEqual(['passing', 'passing']);
  });

  it.each([
    ['unknown', 'nobody'],
    ['not to be reached', 'forbidden'],
  ])('should not probe what is %s', async (_, id) => {
    const instances = start(['a', 'forbidden']);
    instances.probe.forbidden.add('forbidden');
    await pass(100);
    expect(await instances.probing.examine(nodeId(id), 3000)).toBeNull();
  });

  it('should probe nothing before it runs and after it has stopped', async () => {
    const instances = new ProbedInstances([instance('a')]);
    expect(await instances.probing.examine(nodeId('a'), 3000)).toBeNull();
    instances.start();
    await instances.stop();
    expect(await instances.probing.examine(nodeId('a'), 3000)).toBeNull();
    expect(instances.probe.probed).toEqual([]);
  });
});
