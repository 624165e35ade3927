import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../../src/events/announcement.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../src/events/json.ts';
import { toMicros } from '../../../src/events/message-time.ts';
import { isNodeId } from '../../../src/events/node-id.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { announced, announcement, bytes, KEPT_AT, message, parse, sample } from './message.ts';

/** Far above what any message takes (under 10 ms), far below what a quadratic pattern would on 256 KiB. */
const PARSE_LIMIT_MS = 2000;

const MEANINGS = ['introspection', 'heartbeat', 'acknowledgement'] as const;
const SAMPLES = [
  '01_infra_introspection_startup_enveloped',
  '02_infra_heartbeat_enveloped',
  '06_infra_registration_acked_command_enveloped',
  '07_infra_legacy_doc_introspection_bare',
  '09_bridge_doc_node_introspection_envelope_v1',
  '11_bridge_code_node_introspection_envelope_v1',
  '15_omnidash_golden_service_shape_bare',
  '19_infra_node_became_active_enveloped',
].map((name) => sample(name).value);

const CONTRACT_NAMES = [
  'payload',
  'data',
  'value',
  'topic',
  'key',
  'envelope_id',
  'event_type',
  'node_id',
  'nodeId',
  'entity_id',
  'node_type',
  'service_type',
  'node_version',
  'major',
  'capabilities',
  'supported_operations',
  'declared_capabilities',
  'discovered_capabilities',
  'contract_capabilities',
  'operations',
  'protocols',
  'endpoints',
  'api',
  'health',
  'url',
  'service_url',
  'current_state',
  'health_status',
  'reason',
  'metadata',
  'configuration',
  'node_ttl_hours',
  'epoch',
  'timestamp',
  'correlation_id',
  'instance_id',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
];
const leaf = fc.oneof(
  fc.constantFrom(
    'node-1',
    'NODE_INTROSPECTION',
    'NODE_HEARTBEAT',
    'shutdown',
    '2026-11-24T10:00:00Z',
    'http://h:1/',
    'http://h:0',
    '{"node_id":"a"}',
  ),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
/** JSON texts of objects made of the contract's own names, so that the parser is led into every corner. */
const contractual = fc
  .letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
    object: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...CONTRACT_NAMES), fc.string()), tie('value')), { maxLength: 12 }).map(toText),
  }))
  .object.map(String);

/** Written as text, since an object literal would lose `__proto__`. Objects in it are texts in a wrapper. */
class Written {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}

function toText(entries: readonly (readonly [string, unknown])[]): Written {
  return new Written(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join()}}`);
}

function write(value: unknown): string {
  if (value instanceof Written) return value.text;
  return Array.isArray(value) ? `[${value.map(write).join()}]` : (JSON.stringify(value) ?? 'null');
}

/** What must hold for every event, whatever the message was, and does not. One assertion for all: they cost more than the parsing. */
function problemsOf(event: NodeEvent): string[] {
  const problems: string[] = [];
  const must = (what: string, holds: boolean) => {
    if (!holds) problems.push(what);
  };
  must('be of a known kind', KINDS.has(event.kind));
  // What Postgres, Kafka and the log can take: well-formed JSON without U+0000 and prototype keys.
  // An escaped backslash may stand before a harmless "u0000" of the text itself.
  const text = JSON.stringify(event).replaceAll('\\\\', '');
  must('be well-formed', !/\\u0000|\\ud[89a-f][0-9a-f]{2}/.test(text));
  must('have no key __proto__', !text.includes('"__proto__":'));
  if (event.kind === 'rejection') must('give its reason in a sentence', /^.{5,2000}\.$/u.test(event.reason));
  if (event.kind === 'rejection' || event.kind === 'ignored') return problems;
  must('have a node id', isNodeId(event.kind === 'announcement' ? event.content.nodeId : event.nodeId));
  must('have times', Number.isSafeInteger(event.said.time) && Number.isSafeInteger(event.said.payloadTime));
  if (event.kind !== 'announcement') return problems;
  const { type, port, capabilities } = event.content;
  must('have a type', type.length > 0);
  must('have a port, or none', port === null || (port >= 1 && port <= 65_535));
  must('have each capability once, in order', isDeepStrictEqual(capabilities, [...new Set(capabilities)].sort()));
  must('have a hash', /^[0-9a-f]{64}$/.test(event.contentHash));
  return problems;
}

const KINDS = new Set(['announcement', 'goodbye', 'heartbeat', 'acknowledgement', 'rejection', 'ignored']);

function check(event: NodeEvent): void {
  const problems = problemsOf(event);
  if (problems.length > 0) expect.fail(`an event must ${problems.join(', ')}: ${JSON.stringify(event).slice(0, 2000)}`);
}

function checkAll(value: Uint8Array): void {
  const startedAt = performance.now();
  for (const meaning of MEANINGS) check(parseMessage(message('', { value, key: value.subarray(0, 300) }), meaning));
  const took = performance.now() - startedAt;
  if (took >= PARSE_LIMIT_MS) expect.fail(`it took ${took} ms`);
  const polluted = Object.keys(Object.prototype);
  if (polluted.length > 0) expect.fail(`every object has now: ${polluted.join()}`);
}

describe('any message', { timeout: 30_000 }, () => {
  it('should give an event for arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), checkAll));
  });

  it('should give an event for a null value with an arbitrary key', () => {
    fc.assert(
      fc.property(fc.option(fc.uint8Array({ maxLength: 300 })), fc.double(), (key, timestamp) => {
        for (const meaning of MEANINGS) check(parseMessage(message('', { value: null, key, timestamp }), meaning));
      }),
    );
  });

  it('should give an event for arbitrary JSON', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 6, stringUnit: 'binary' }), (text) => checkAll(bytes(text))));
  });

  it('should give an event for arbitrary objects of the contract, without reaching a prototype', () => {
    fc.assert(
      fc.property(contractual, (text) => checkAll(bytes(text))),
      { numRuns: 500 },
    );
  });

  it('should give an event for every sample with any one value replaced or removed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), fc.nat(), fc.option(fc.oneof(leaf, contractual)), (value, at, replacement) => {
        const places = pathsOf(value);
        checkAll(bytes(JSON.stringify(replaced(value, places[at % places.length] ?? [], replacement))));
      }),
      { numRuns: 500 },
    );
  });

  it('should give an event for every sample with any bytes cut or flipped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (value, at, flip, cut) => {
        const text = bytes(JSON.stringify(value));
        const position = at % text.length;
        text[position] = (text[position] ?? 0) ^ flip;
        checkAll(cut ? text.subarray(0, position) : text);
      }),
    );
  });

  it.each<[string, string]>([
    ['deep lists', '['.repeat(131_000) + ']'.repeat(131_000)],
    ['deep objects', '{"a":'.repeat(50_000)],
    ['many keys', `{"node_id":"a",${Array.from({ length: 20_000 }, (_item, index) => `"k${index}":1`).join()}}`],
    ['many capabilities', JSON.stringify({ node_id: 'a', capabilities: Array.from({ length: 25_000 }, (_item, index) => `c${index}`) })],
    [
      'many endpoints',
      JSON.stringify({
        node_id: 'a',
        endpoints: Object.fromEntries(Array.from({ length: 8000 }, (_item, index) => [`e${index}`, `http://h:${index + 1}`])),
      }),
    ],
    ['a long id', JSON.stringify({ node_id: 'a'.repeat(250_000) })],
    ['a long id of spaces', JSON.stringify({ node_id: `a${' '.repeat(250_000)}b` })],
    ['a long name of emoji', JSON.stringify({ node_id: 'a', node_name: '😀'.repeat(60_000) })],
    ['a long event type', JSON.stringify({ node_id: 'a', event_type: 'aB'.repeat(120_000) })],
    ['a long time', JSON.stringify({ node_id: 'a', timestamp: '1'.repeat(250_000) })],
    ['a long epoch', JSON.stringify({ node_id: 'a', epoch: '1'.repeat(250_000) })],
    ['a long version', JSON.stringify({ node_id: 'a', node_version: { major: '1'.repeat(250_000) } })],
    ['a long URL', JSON.stringify({ node_id: 'a', endpoints: { api: `http://${'a.'.repeat(120_000)}` } })],
    ['a long number', `{"node_id":"a","x":${'1'.repeat(250_000)}}`],
    ['a long key', `{"node_id":"a","endpoints":{"${'k'.repeat(250_000)}":5}}`],
    ['spaces', ' '.repeat(262_000)],
    [
      'a wrapped record in a wrapped record',
      JSON.stringify({ topic: 't', value: JSON.stringify({ topic: 't', value: JSON.stringify({ node_id: 'a' }) }) }),
    ],
  ])('should not be slow for %s', (_what, text) => {
    checkAll(bytes(text));
  });
});

describe('content hash', { timeout: 30_000 }, () => {
  const noise = fc.record({
    timestamp: fc.date({ noInvalidDate: true, min: new Date(1), max: new Date('2199-01-01') }).map((date) => date.toISOString()),
    reason: fc.constantFrom('startup', 'periodic', 'manual'),
    correlation_id: fc.uuid(),
    epoch: fc.nat(),
    uptime_seconds: fc.nat(),
    active_operations: fc.nat(),
    current_state: fc.oneof(fc.string(), fc.record({ health_status: fc.constantFrom('healthy', 'degraded') })),
    performance_metrics: fc.dictionary(fc.string(), fc.nat()),
  });
  const content = fc.record({
    node_type: fc.constantFrom('effect', 'compute'),
    node_name: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
    capabilities: fc.dictionary(fc.constantFrom('read', 'write', 'geo'), fc.constantFrom<Json>(true, false, { x: 1 })),
    endpoints: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('http://h:1', 'http://i:2')),
    metadata: fc.dictionary(fc.constantFrom('owner', 'region', 'zone'), fc.constantFrom<Json>('x', 1, null, { deep: [1, { a: 1, b: 2 }] })),
  });

  it('should be the same under any order of keys and any noise of the moment', () => {
    fc.assert(
      fc.property(content, noise, noise, fc.infiniteStream(fc.nat()), (said, before, after, random) => {
        const first = announced({ ...said, ...before });
        const second = announced(shuffled({ ...said, ...after }, random));
        expect(second.contentHash).toBe(first.contentHash);
        expect(second.said.time).toBe(toMicros(after.timestamp));
      }),
    );
  });

  it('should differ exactly where the content differs', () => {
    fc.assert(
      fc.property(content, content, (one, other) => {
        const [first, second] = [announced(one), announced(other)];
        const comparable = ({ content: { endpoints, address, port, ...rest } }: typeof first) => ({
          ...rest,
          endpoints: [...endpoints].sort((a, b) => (a.name < b.name ? -1 : 1)),
        });
        const isSame = JSON.stringify(sorted(comparable(first))) === JSON.stringify(sorted(comparable(second)));
        expect(first.contentHash === second.contentHash).toBe(isSame);
      }),
    );
  });
});

describe('envelopes', () => {
  it('should all carry the same announcement', () => {
    const payload: JsonObject = { node_id: 'node-1', node_type: 'effect', capabilities: ['a'], timestamp: '2026-11-24T10:00:00Z' };
    const bare = announcement(parse(payload));
    const { node_id, timestamp, ...data } = payload;
    const shapes: readonly JsonObject[] = [
      { payload },
      { envelope_version: '1.0', event_type: 'node_introspection', timestamp: timestamp ?? null, payload },
      { envelope_id: 'e', envelope_timestamp: timestamp ?? null, payload },
      { node_id: node_id ?? null, timestamp: timestamp ?? null, data },
      { topic: 't', key: null, value: payload, timestamp: KEPT_AT },
      { topic: 't', key: null, value: JSON.stringify({ payload }) },
    ];
    for (const shape of shapes) expect(parse(shape)).toEqual(bare);
  });
});

function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const inner = isJsonObject(value) ? Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key])) : [];
  return [path, ...inner];
}

function replaced(value: Json, path: readonly string[], replacement: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined || !isJsonObject(value)) return replacement;
  return { ...value, [key]: replaced(value[key] ?? null, rest, replacement) };
}

function shuffled(object: JsonObject, random: Iterator<number>): JsonObject {
  const entries = Object.entries(object).map(([key, value]) => ({ key, value, at: Number(random.next().value) }));
  entries.sort((one, other) => one.at - other.at);
  return Object.fromEntries(entries.map(({ key, value }) => [key, isJsonObject(value) ? shuffled(value, random) : value]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
