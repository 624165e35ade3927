import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { everyMetric } from '../metrics/every-metric.ts';

const FOLDER = fileURLToPath(new URL('../../../deploy/prometheus/', import.meta.url));
const read = (name: string) => readFileSync(`${FOLDER}${name}`, 'utf8');

const alert = z.strictObject({
  alert: z.string().regex(/^DiscoveryGateway[A-Z][A-Za-z]+$/),
  expr: z.string().min(1),
  for: z
    .string()
    .regex(/^\d+[ms]$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({
    summary: z.string().max(120),
    description: z.string().regex(/\.$/),
    runbook_url: z.string(),
  }),
});
const rules = z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alert).min(1) })).min(1) });
const dashboard = z.object({
  uid: z.string(),
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string().min(1),
      description: z.string().optional(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).optional(),
    }),
  ),
});

const alerts = rules.parse(parse(read('alerts.yml'))).groups.flatMap((group) => group.rules);
const { panels } = dashboard.parse(JSON.parse(read('dashboard.json')));
const metrics = await everyMetric();

/** What an expression may name: a histogram shows as three. */
const NAMES = new Set(
  metrics.flatMap(({ name, type }) =>
    String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
  ),
);
const namedIn = (text: string) => [...text.matchAll(/\b(?:discovery_gateway|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name);

/** Values of a label that a metric has. The others have theirs once something happened. */
const valuesOf = (label: string) =>
  new Set(metrics.flatMap(({ values }) => values.map(({ labels }) => String(Reflect.get(labels, label)))));
const FIXED = ['outcome', 'step', 'destination', 'operation'];

describe('the alert rules', () => {
  it('should each have a name of its own, and ask for metrics that there are', () => {
    expect(new Set(alerts.map(({ alert: name }) => name)).size).toBe(alerts.length);
    for (const { alert: name, expr } of alerts) {
      const named = namedIn(expr);
      expect(named.length + (expr.startsWith('up{') ? 1 : 0), name).toBeGreaterThan(0);
      expect(
        named.filter((each) => !NAMES.has(each)),
        name,
      ).toEqual([]);
    }
  });

  it('should each lead to a section that says what to do', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const sections = [...page.matchAll(/^### (DiscoveryGateway\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts.map(({ alert: name }) => name));
    for (const { alert: name, annotations } of alerts) expect(annotations.runbook_url).toBe(`docs/operations.md#${name.toLowerCase()}`);
  });

  it('should be tried with metrics that there are', () => {
    expect(namedIn(read('alerts.test.yml')).filter((name) => !NAMES.has(name))).toEqual([]);
  });

  it('should select by values that there are', () => {
    for (const text of [
      read('alerts.yml'),
      read('alerts.test.yml'),
      ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ]) {
      for (const [, label = '', value = ''] of text.matchAll(/\b(\w+)!?="([\w]+)"/g)) {
        if (FIXED.includes(label)) expect(valuesOf(label), `${label}="${value}"`).toContain(value);
      }
    }
  });

  // Asked of whoever has it; what it finds beyond the above are mistakes in expressions.
  it.runIf(spawnSync('promtool', ['--version']).status === 0)('should pass promtool, checks and tests', () => {
    for (const args of [
      ['check', 'rules', '--lint-fatal', 'alerts.yml'],
      ['test', 'rules', 'alerts.test.yml'],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).toBe(0);
    }
  });
});

describe('the dashboard', () => {
  it('should ask for metrics that there are', () => {
    const named = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namedIn(expr)));
    expect(new Set(named).size).toBeGreaterThan(25);
    expect(named.filter((name) => !NAMES.has(name))).toEqual([]);
  });

  it('should say of each panel what it shows, and lay none over another', () => {
    const taken = new Set<string>();
    for (const { type, title, description, gridPos, targets = [] } of panels) {
      if (type !== 'row') expect([description, targets.length > 0], title).toEqual([expect.stringMatching(/\.$/), true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});
