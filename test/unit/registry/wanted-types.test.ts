import { expect, it } from 'vitest';
import { WantedTypes } from '../../../src/registry/wanted-types.ts';

it('should include types in any spelling, and tell each once, as it was asked for', () => {
  const types = new WantedTypes(['Runtime_Host', 'effect', 'EFFECT']);
  for (const type of ['runtime-host', 'RuntimeHost', 'Effect']) expect(types.include(type)).toBe(true);
  expect(types.include('reducer')).toBe(false);
  expect(types.asked()).toEqual(['Runtime_Host', 'EFFECT']);
  expect(types.canonical()).toEqual(['runtimehost', 'effect']);
});

it('should include nothing where nothing is wanted, and go on after any number of types', () => {
  const none = new WantedTypes([]);
  const one = new WantedTypes(['t-5']);
  for (let i = 0; i < 2500; i += 1) {
    expect(none.include(`t-${i}`)).toBe(false);
    expect(one.include(`t-${i}`)).toBe(i === 5);
  }
  expect(one.include('T_5')).toBe(true);
});
