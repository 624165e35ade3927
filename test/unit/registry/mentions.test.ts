import { expect, it } from 'vitest';
import { mentions } from '../../../src/registry/mentions.ts';

const event = {
  topic: 't',
  partition: 0,
  offset: '1',
  reason: 'endpoints.Api is no URL.',
  errorType: 'INVALID_ENDPOINT',
  excerpt: '{"service_name": "Database_Adapter"}',
  correlationId: null,
  rejectedAt: 0,
};

it('should find a name in any spelling, in the message or in what was wrong with it', () => {
  for (const name of ['database-adapter', 'DatabaseAdapter', 'database adapter']) expect(mentions(['cache', name], [])(event)).toBe(true);
  expect(mentions(['endpoints.api'], [])({ ...event, excerpt: null })).toBe(true);
});

it('should not find what is not there', () => {
  expect(mentions(['database.adapter'], [])(event)).toBe(false);
  expect(mentions(['database-adapter'], [])({ ...event, excerpt: null })).toBe(false);
});

it('should find the id of a node where it is a text of its own', () => {
  const said = { ...event, excerpt: '{"node_id": "Adapter_1", "node_type": "x"}' };
  expect(mentions([], ['adapter-10', 'Adapter_1'])(said)).toBe(true);
  expect(mentions([], ['Adapter', 'e'])(said)).toBe(false);
});
