import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordMicros, toMicros } from '../../../src/events/message-time.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { announced, KEPT_AT_MICROS, message } from './message.ts';

const base = Date.UTC(2026, 10, 24, 10, 18, 33) * 1000;

describe('time on the wire', () => {
  it.each([
    ['2026-11-24T10:18:33Z', base],
    ['2026-11-24T10:18:33', base],
    ['2026-11-24t10:18:33z', base],
    ['2026-11-24 10:18:33', base],
    ['2026-11-24 10:18:33 UTC', base],
    ['2026-11-24T10:18:33.2Z', base + 200_000],
    ['2026-11-24T10:18:33,296Z', base + 296_000],
    ['2026-11-24T10:18:33.296141+00:00', base + 296_141],
    ['2026-11-24T10:18:33.296141999Z', base + 296_141],
    ['2026-11-24T12:18:33+02:00', base],
    ['2026-11-24T12:18:33+0200', base],
    ['2026-11-24T12:18:33+02', base],
    ['2026-11-24T04:48:33-05:30', base],
    ['2026-11-24T10:18Z', base - 33_000_000],
    ['2026-11-24', Date.UTC(2026, 10, 24) * 1000],
    ['2026-11-24T24:00:00Z', Date.UTC(2026, 10, 25) * 1000],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1) * 1000],
    [base / 1_000_000, base],
    [base / 1_000_000 + 0.25, base + 250_000],
    [base / 1000, base],
    [base, base],
    [base * 1000, base],
    [String(base / 1000), base],
    [`${base / 1_000_000}.5`, base + 500_000],
  ])('should read %s', (value, expected) => {
    expect(toMicros(value)).toBe(expected);
  });

  it.each([
    'yesterday',
    '',
    '2026-13-01',
    '2026-00-01',
    '2026-02-30T00:00:00Z',
    '2026-11-24T25:00:00Z',
    '2026-11-24T24:00:01Z',
    '2026-11-24T10:60:00Z',
    '2026-11-24T10:18:33+25:00',
    '2026-11-24T10:18:33+02:60',
    '1969-12-31T23:59:59Z',
    '2200-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    `2026-11-24T10:18:33.${'0'.repeat(1000)}Z`,
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e30,
    null,
    true,
    ['2026-11-24'],
    { seconds: 5 },
  ])('should count as not said: %j', (value) => {
    expect(toMicros(value)).toBeNull();
  });

  it('should read back every instant that a node can write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Date.UTC(2200, 0, 1) - 1 }), fc.integer({ min: 0, max: 999 }), (millis, rest) => {
        const iso = `${new Date(millis).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}`;
        expect(toMicros(`${iso}Z`)).toBe(millis * 1000 + rest);
        expect(toMicros(`${iso}+00:00`)).toBe(millis * 1000 + rest);
      }),
    );
  });

  it('should be whole microseconds or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9T:.Z+-]{1,40}$/), fc.double()), (value) => {
        const micros = toMicros(value);
        expect(micros === null || Number.isSafeInteger(micros)).toBe(true);
      }),
    );
  });
});

describe('time of a message', () => {
  it('should be that of Kafka where the message says none that is one', () => {
    for (const timestamp of [null, 'yesterday', '1969-01-01', '2999-01-01']) {
      expect(announced({ timestamp }).said).toEqual({ epoch: null, time: KEPT_AT_MICROS, payloadTime: KEPT_AT_MICROS });
    }
  });

  it('should be that of the payload where the envelope says none', () => {
    const { said } = announced({ timestamp: '2026-11-24T10:18:33.000001Z' });
    expect(said).toEqual({ epoch: null, time: base + 1, payloadTime: base + 1 });
    expect(announced({ timestamp: 'x', introspection_timestamp: '2026-11-24T10:18:33Z' }).said.time).toBe(base);
  });

  it('should be that of the envelope for the payload where only the envelope says one', () => {
    const value = { envelope_id: 'e', envelope_timestamp: '2026-11-24T10:18:33Z', payload: { node_id: 'node-1' } };
    expect(parseMessage(message(value), 'introspection')).toMatchObject({ said: { time: base, payloadTime: base } });
  });

  it('should be 0 where not even Kafka knows one', () => {
    for (const timestamp of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY]) expect(recordMicros(timestamp)).toBe(0);
    expect(parseMessage(message({ node_id: 'node-1' }, { timestamp: -1 }), 'heartbeat')).toMatchObject({
      said: { time: 0, payloadTime: 0 },
    });
  });
});
