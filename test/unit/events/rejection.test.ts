import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { announced, announcement, bytes, message, parse, rejected, rejection } from './message.ts';

const raw = (value: Uint8Array) => rejection(parseMessage(message('', { value }), 'introspection'));
const nested = (depth: number) => `{"node_id":"node-1","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe('value', () => {
  it.each(['', ' ', 'hello', '{"node_id":', "{'node_id':'a'}", '{"x":NaN}', '{"a":1}{'])('should be rejected as NOT_JSON: %s', (text) => {
    expect(raw(bytes(text)).errorType).toBe('NOT_JSON');
  });

  it('should be rejected as NOT_JSON when it is not UTF-8', () => {
    expect(raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toMatchObject({
      errorType: 'NOT_JSON',
      reason: 'The value is not UTF-8.',
    });
  });

  it('should be read behind a byte order mark', () => {
    expect(announcement(parse('\ufeff{"node_id":"node-1"}')).content.nodeId).toBe('node-1');
  });

  it.each(['null', '1', '"{}"', 'true', '[{"node_id":"a"}]'])('should be rejected as NOT_AN_OBJECT: %s', (text) => {
    expect(raw(bytes(text)).errorType).toBe('NOT_AN_OBJECT');
  });

  it('should be at most 256 KiB, and not even be parsed beyond', () => {
    const start = '{"node_id":"node-1","x":"';
    const fits = `${start}${'x'.repeat(256 * 1024 - start.length - 2)}"}`;
    expect(bytes(fits)).toHaveLength(256 * 1024);
    expect(parse(fits).kind).toBe('announcement');
    expect(raw(bytes(`${fits} `)).errorType).toBe('TOO_LARGE');
    expect(raw(bytes(`not json ${fits}`)).errorType).toBe('TOO_LARGE');
  });

  it('should be nested 32 deep at most, the object itself included', () => {
    expect(parse(nested(32)).kind).toBe('announcement');
    expect(raw(bytes(nested(33)))).toMatchObject({ errorType: 'TOO_DEEP', reason: expect.stringContaining('x[]') });
    expect(raw(bytes(nested(100_000))).errorType).toBe('TOO_DEEP');
  });

  it.each([
    ['U+0000 in a text', '{"node_id":"node-1","a":{"b":"x\\u0000"}}', 'a.b contains U+0000.'],
    ['U+0000 in a list', '{"node_id":"node-1","a":["x\\u0000"]}', 'a[] contains U+0000.'],
    ['U+0000 in a key', '{"node_id":"node-1","a\\u0000":1}', 'a\ufffd contains U+0000.'],
    ['U+0000 in the node id', '{"node_id":"node-1\\u0000"}', 'node_id contains U+0000.'],
    ['a lone high surrogate', '{"node_id":"node-1","a":"\\ud83d"}', 'a contains a lone surrogate.'],
    ['a lone low surrogate', '{"node_id":"node-1","a":"\\ude00x"}', 'a contains a lone surrogate.'],
    ['a lone surrogate in a key', '{"node_id":"node-1","\\ud83d":1}', '\ufffd contains a lone surrogate.'],
  ])('should be rejected for %s, naming the place', (_what, text, reason) => {
    expect(raw(bytes(text))).toMatchObject({ errorType: 'INVALID_TEXT', reason });
  });

  it('should be accepted with escapes that are none of that', () => {
    const event = announcement(parse('{"node_id":"node-1","a":"\\ud83d\\ude00 \\u00e9 \\\\u0000"}'));
    expect(event.content.metadata).toEqual({ a: '😀 é \\u0000' });
  });

  it('should be rejected for a number beyond the range of a double', () => {
    expect(raw(bytes('{"node_id":"node-1","a":{"b":[1e999]}}'))).toMatchObject({
      errorType: 'INVALID_FIELD',
      reason: 'a.b[] is a number too large for a double.',
    });
    expect(raw(bytes(`{"node_id":"node-1","a":-1${'0'.repeat(400)}}`)).errorType).toBe('INVALID_FIELD');
  });

  it('should lose every key by which a prototype is reached, at any depth and however it is escaped', () => {
    const event = announcement(
      parse(
        '{"node_id":"node-1","__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"b":2},"endpoints":{"\\u005f_proto__":"http://h"},"capabilities":{"constructor":true,"prototype":true,"read":true}}',
      ),
    );
    expect(event.content.metadata).toEqual({ a: { b: 2 } });
    expect(event.content.endpoints).toEqual([]);
    expect(event.content.capabilities).toEqual(['read']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Object.getPrototypeOf(event.content.metadata)).toBe(Object.prototype);
  });

  it('should keep fields that are named like methods of every object', () => {
    const metadata = { toString: 1, hasOwnProperty: 2, valueOf: 3 };
    expect(announced(metadata).content.metadata).toEqual(metadata);
  });
});

describe('node id', () => {
  it.each([
    ['missing', {}],
    ['null', { node_id: null }],
    ['empty', { node_id: '' }],
    ['a space', { node_id: ' ' }],
    ['a number', { node_id: 5 }],
    ['an object', { node_id: { id: 'a' } }],
    ['the nil UUID', { node_id: '00000000-0000-0000-0000-000000000000' }],
    ['too long', { node_id: 'n'.repeat(256) }],
    ['broken by a line break', { node_id: 'node-1\n' }],
    ['broken by a control character', { node_id: 'node\u00851' }],
  ])('should be rejected when it is %s', (_what, fields) => {
    for (const meaning of ['introspection', 'heartbeat', 'acknowledgement'] as const) {
      expect(rejection(parse(fields, meaning))).toMatchObject({
        errorType: 'INVALID_NODE_ID',
        reason: expect.stringMatching(/^node_id .*\.$/),
      });
      expect(rejection(parse({ payload: fields }, meaning)).reason).toMatch(/^payload\.node_id .*\.$/);
    }
  });

  it('should be any other text up to 255 characters', () => {
    for (const nodeId of ['n'.repeat(255), 'orchestrator-001', 'Ü/β:1', '6f1c0f7a-3b1e-4d0e-9a41-0c8c2f5d7e11']) {
      expect(announcement(parse({ node_id: nodeId })).content.nodeId).toBe(nodeId);
    }
  });

  it('should not be looked for elsewhere when the payload gives one that is no good', () => {
    expect(rejection(parse({ node_id: 'node-1', payload: { node_id: '00000000-0000-0000-0000-000000000000' } })).errorType).toBe(
      'INVALID_NODE_ID',
    );
  });
});

describe('fields', () => {
  it.each([
    'node_name',
    'node_role',
    'service_name',
    'node_version',
    'network_id',
    'deployment_id',
    'environment',
    'instance_id',
    'reason',
  ])('should hold at most 255 characters: %s', (field) => {
    expect(announced({ [field]: '😀'.repeat(255) }).kind).toBe('announcement');
    expect(rejected({ [field]: 'x'.repeat(256) })).toMatchObject({
      errorType: 'INVALID_FIELD',
      reason: `${field} is longer than 255 characters.`,
    });
    expect(rejected({ [field]: 'a\u0007b' })).toMatchObject({
      errorType: 'INVALID_FIELD',
      reason: `${field} contains a control character.`,
    });
    expect(rejected({ [field]: ['x'] }).errorType).toBe('INVALID_FIELD');
  });

  it('should lose the line break at the end of a name, but not of an id', () => {
    expect(announced({ node_name: 'orders\n' }).content.name).toBe('orders');
    expect(rejected({ network_id: 'net\n' }).errorType).toBe('INVALID_FIELD');
  });

  it.each([1.5, 2 ** 53, '9007199254740993', 'three', true, {}])('should be rejected for the epoch %s', (epoch) => {
    expect(rejected({ epoch }).errorType).toBe('INVALID_FIELD');
  });

  it.each([
    [0, 0],
    [2 ** 53 - 1, 2 ** 53 - 1],
    ['17', 17],
    [null, null],
  ])('should take the epoch %s', (epoch, expected) => {
    expect(announced({ epoch }).said.epoch).toBe(expected);
  });

  it('should be rejected for a correlation id that would break a log or a header', () => {
    expect(rejected({ correlation_id: 'a\nb' })).toMatchObject({ errorType: 'INVALID_FIELD', correlationId: null });
    expect(rejected({ correlation_id: 'c'.repeat(256) }).errorType).toBe('INVALID_FIELD');
  });
});

describe('rejection', () => {
  it('should carry the correlation id of the payload, else of the envelope, else of the header', () => {
    const correlationOf = (value: string, headers: Record<string, string> = { correlation_id: 'header' }) =>
      rejection(parseMessage(message(value, { headers }), 'introspection')).correlationId;
    expect(correlationOf('{"payload":{"correlation_id":"payload"},"correlation_id":"envelope"}')).toBe('payload');
    expect(correlationOf('{"payload":{},"correlation_id":"envelope"}')).toBe('envelope');
    expect(correlationOf('not json')).toBe('header');
    expect(correlationOf('not json', { correlation_id: 'a\u0000b' })).toBeNull();
    expect(correlationOf('not json', {})).toBeNull();
  });

  it('should never quote the value, and cut hostile names', () => {
    const secret = 'hunter2-hunter2';
    for (const value of [`{"node_id":"${secret}`, `${secret}`, `{"node_id":"node-1","endpoints":{"api":"nothing ${secret}"}}`]) {
      expect(rejection(parse(value)).reason).not.toContain('hunter2');
    }
    const { reason } = rejected({ endpoints: { [`\n\u0085${'x'.repeat(10_000)}`]: 5 } });
    expect(reason.length).toBeLessThan(150);
    expect(reason).not.toMatch(/\p{Cc}/u);
  });
});
