import { expect, it } from 'vitest';
import { mentionsAny } from '../../../src/registry/mentions.ts';

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
  expect(mentionsAny(event, ['cache', 'database-adapter'], [])).toBe(true);
  expect(mentionsAny({ ...event, excerpt: null }, ['endpoints.api'], [])).toBe(true);
});

it('should not find what is not there', () => {
  expect(mentionsAny(event, ['database.adapter'], [])).toBe(false);
  expect(mentionsAny({ ...event, excerpt: null }, ['database-adapter'], [])).toBe(false);
});

it('should find the id of a node where it is a text of its own', () => {
  const said = { ...event, excerpt: '{"node_id": "Adapter_1", "node_type": "x"}' };
  expect(mentionsAny(said, [], ['adapter-10', 'Adapter_1'])).toBe(true);
  expect(mentionsAny(said, [], ['Adapter', 'e'])).toBe(false);
});
