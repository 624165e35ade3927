import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { everyMetric } from './every-metric.ts';

/** Labels whose values are words of the code, and so are few. */
const LABELS = new Set([
  'outcome',
  'result',
  'reason',
  'state',
  'health',
  'kind',
  'backend',
  'limit',
  'status',
  'step',
  'destination',
  'operation',
]);
/** Of a size or a time there is one unit; a count of things ends in what they are. */
const UNIT = /_(total|seconds|bytes|messages)$/;
const WITHOUT_UNIT = new Set([
  'nodes',
  'leader',
  'drift',
  'expiries_held_back',
  'circuit_state',
  'feed_cursor',
  'consumer_paused',
  'registry_stale',
  'subscribers',
  'probed_instances',
  'ejected_instances',
  'ejections_held_back',
]);

const metrics = await everyMetric();
const own = metrics.filter(({ name }) => name.startsWith('discovery_gateway_'));

describe('every metric', () => {
  it('should carry the prefix of the gateway, or be one of its process', () => {
    expect(metrics.filter(({ name }) => !/^(discovery_gateway|process|nodejs)_/.test(name))).toEqual([]);
    expect(own.length).toBeGreaterThan(25);
  });

  it('should say what it is in one sentence at least', () => {
    for (const { name, help } of own) expect(help, name).toMatch(/^[A-Z0-9].{10,}\.$/);
  });

  it('should be in base units, and say so in its name', () => {
    const unclear = own
      .map(({ name }) => name.replace('discovery_gateway_', ''))
      .filter((name) => !UNIT.test(name) && !WITHOUT_UNIT.has(name));
    expect(unclear).toEqual([]);
    for (const { name, type } of own) expect(name.endsWith('_total'), name).toBe(String(type) === 'counter');
  });

  it('should have labels of few values only', () => {
    for (const { name, values } of own) {
      for (const { labels } of values) {
        for (const label of Object.keys(labels)) if (label !== 'le') expect(LABELS, `${label} of ${name}`).toContain(label);
      }
    }
  });

  it('should be explained in docs/operations.md', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    expect(own.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('should be the only ones that docs/operations.md names', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const known = new Set(metrics.map(({ name }) => name));
    const named = [...page.matchAll(/\b(?:discovery_gateway|process|nodejs)_[a-z_]+\b/g)].map(([name]) =>
      name.replace(/_(bucket|sum|count)$/, ''),
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
