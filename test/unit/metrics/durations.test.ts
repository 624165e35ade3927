import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Durations } from '../../../src/metrics/durations.ts';

function setUp() {
  const registry = new Registry();
  const durations = new Durations(registry, { name: 'work_seconds', help: 'Work.', labels: [{ step: 'one' }, { step: 'two' }] });
  return { registry, durations };
}

describe('a histogram of durations', () => {
  it('should print what Prometheus reads: buckets that add up, sum and count, in seconds', async () => {
    const { registry, durations } = setUp();
    const series = durations.of({ step: 'one' });
    series.add(0.05);
    series.add(3, 2);
    series.add(60_000);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.includes('"one"'));
    expect(lines).toContain('work_seconds_bucket{step="one",le="0.0001"} 1');
    expect(lines).toContain('work_seconds_bucket{step="one",le="0.0025"} 1');
    expect(lines).toContain('work_seconds_bucket{step="one",le="0.005"} 3');
    expect(lines).toContain('work_seconds_bucket{step="one",le="10"} 3');
    expect(lines).toContain('work_seconds_bucket{step="one",le="+Inf"} 4');
    expect(lines).toContain('work_seconds_count{step="one"} 4');
    expect(lines.find((line) => line.startsWith('work_seconds_sum'))).toMatch(/ 60\.006\d*$/);
  });

  it('should show each series from the start, so that a rate knows its zero', async () => {
    const { registry } = setUp();
    const text = await registry.metrics();
    expect(text).toContain('# TYPE work_seconds histogram');
    expect(text).toContain('work_seconds_count{step="two"} 0');
  });

  it('should tell the same as JSON', async () => {
    const { registry, durations } = setUp();
    durations.of({ step: 'two' }).add(1000);
    const [metric] = await registry.getMetricsAsJSON();
    expect(metric).toMatchObject({ name: 'work_seconds', type: 'histogram' });
    expect(metric?.values).toContainEqual({ labels: { step: 'two' }, metricName: 'work_seconds_count', value: 1 });
  });

  it('should take what two clocks made less than nothing for nothing', () => {
    const series = setUp().durations.of({ step: 'one' });
    series.add(-5);
    expect([series.sum(), series.count()]).toEqual([0, 1]);
  });

  it('should refuse labels that it does not know', () => {
    expect(() => setUp().durations.of({ step: 'three' })).toThrow('work_seconds has no series {"step":"three"}');
  });
});
