import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { environment, readConfig } from '../../src/config.ts';

const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');

/** Name and value of every assignment, commented out or not. */
function assignments(text: string): [string, string][] {
  return [...text.matchAll(/^(?:# )?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);
}

it('should list exactly the variables that the configuration reads, each once', () => {
  const read = Object.keys(environment.shape);
  expect(read.length).toBeGreaterThan(30);
  expect(
    assignments(example)
      .map(([name]) => name)
      .sort(),
  ).toEqual(read.sort());
});

it('should be explained in the docs, each once', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const explained = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  expect(explained.sort()).toEqual(Object.keys(environment.shape).sort());
});

it('should say the defaults', () => {
  const required = assignments(example.replaceAll(/^#.*$/gm, ''));
  const withDefaults = readConfig(Object.fromEntries(assignments(example)));
  expect(required.map(([name]) => name)).toEqual(['KAFKA_BROKER_URL', 'CONSUL_HOST', 'DATABASE_URL']);
  expect(withDefaults).toEqual(readConfig(Object.fromEntries(required)));
});

it('should say what each one means', () => {
  const lines = example.split('\n');
  const names = new Set<string>();
  let explained = false;
  for (const line of lines) {
    const [assignment] = assignments(line);
    if (assignment !== undefined && !explained) names.add(assignment[0]);
    if (assignment === undefined) explained = line.startsWith('# ') && !line.startsWith('# ---');
  }
  // What its name says already, in the section that names its service.
  expect([...names]).toEqual(['CONSUL_PORT']);
});
