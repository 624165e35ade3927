import { describe, expect, it } from 'vitest';
import { deadLetterMessage } from '../../../src/kafka/dead-letter.ts';
import type { DeadLetter } from '../../../src/registry/ports.ts';

/** What a broker takes by default, in bytes (`message.max.bytes`). */
const BROKER_LIMIT = 1_048_588;

const letter = (different: Partial<DeadLetter> = {}): DeadLetter => ({
  position: { topic: 'introspection', partition: 2, offset: '41' },
  key: Buffer.from('n-1'),
  value: Buffer.from('{"node_id": '),
  rejection: { kind: 'rejection', errorType: 'NOT_JSON', reason: 'The value is not JSON.', correlationId: 'c-1' },
  failedAt: Date.parse('2026-11-24T12:00:00.000Z'),
  ...different,
});

describe('deadLetterMessage', () => {
  it('should hold the message, where it lay, and why it was refused', () => {
    expect(deadLetterMessage(letter())).toEqual({
      key: Buffer.from('n-1'),
      value: {
        original_topic: 'introspection',
        original_partition: 2,
        original_offset: '41',
        original_key: 'n-1',
        original_value: Buffer.from('{"node_id": ').toString('base64'),
        failure_reason: 'The value is not JSON.',
        error_type: 'NOT_JSON',
        failure_timestamp: '2026-11-24T12:00:00.000Z',
        correlation_id: 'c-1',
      },
    });
  });

  it('should keep nulls', () => {
    expect(deadLetterMessage(letter({ key: null, value: null }))).toMatchObject({
      key: null,
      value: { original_key: null, original_value: null },
    });
  });

  it.each([
    ['value', letter({ value: Buffer.alloc(900_000, 'v') }), { original_value_cut: true, original_value_bytes: 900_000 }],
    ['key', letter({ key: Buffer.alloc(700_000, 'k') }), { original_key_cut: true, original_key_bytes: 700_000 }],
    // The worst that JSON makes of a byte: a control character is six characters.
    ['key of control characters', letter({ key: Buffer.alloc(40_000, 1), value: Buffer.alloc(999_000, 'v') }), { original_key_cut: true }],
  ])('should stay below what a broker takes, and say so, when the %s is large', (_, large, said) => {
    const { key, value } = deadLetterMessage(large);
    expect((key?.byteLength ?? 0) + JSON.stringify(value).length).toBeLessThan(BROKER_LIMIT - 10_000);
    expect(value).toMatchObject(said);
  });
});
