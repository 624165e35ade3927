import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEARTBEAT_FIELDS, INTROSPECTION_FIELDS } from '../../../src/contract/node-fields.ts';
import type { SchemaName } from '../../../src/contract/schemas.ts';
import type { NodeEvent } from '../../../src/events/announcement.ts';
import type { Meaning } from '../../../src/events/event-kind.ts';
import { fieldName } from '../../../src/events/field.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../src/events/json.ts';
import { PAYLOAD_FIELDS } from '../../../src/events/metadata.ts';
import { parseMessage } from '../../../src/events/parse-message.ts';
import { announcement, message, sample } from '../events/message.ts';
import { expectValid, validators } from './validators.ts';

/** Of each property; 60,000 held as well, and take 15 s. */
const RUNS = 400;
const validate = validators();
const SCHEMAS = {
  introspection: 'node-introspection',
  heartbeat: 'node-heartbeat',
  acknowledgement: 'node-acknowledgement',
} as const satisfies Readonly<Record<Meaning, SchemaName>>;
const MEANINGS = ['introspection', 'heartbeat', 'acknowledgement'] as const;
const KINDS: Readonly<Record<Meaning, readonly NodeEvent['kind'][]>> = {
  introspection: ['announcement', 'goodbye'],
  heartbeat: ['heartbeat'],
  acknowledgement: ['acknowledgement'],
};

const names = readdirSync(new URL('../../samples', import.meta.url)).map((name) => name.replace('.json', ''));
/** Samples that are no node's own message on a node topic: requests of a registry, and its word that a node is active. */
const FOREIGN = names.filter((name) => /^(13|18|19)_/.test(name));
const OWN = names.filter((name) => !FOREIGN.includes(name)).map((name) => ({ name, meaning: meaningOf(name), value: sample(name).value }));

/** Whatever a schema allows, the parser takes, and for what the schema says. Said with the message, since that is what to look at. */
function expectAgreement(value: JsonObject, meaning: Meaning): void {
  const isAllowed = validate[SCHEMAS[meaning]](value);
  const event = parseMessage(message(value), meaning);
  if (isAllowed && !KINDS[meaning].includes(event.kind)) {
    expect.fail(`${SCHEMAS[meaning]} allows ${JSON.stringify(value)}, the parser says ${JSON.stringify(event)}`);
  }
}

describe('the schemas', { timeout: 30_000 }, () => {
  it.each(OWN)('should allow sample $name, which the parser takes', ({ name, meaning }) => {
    const { value, message: record } = sample(name);
    expectValid(validate[SCHEMAS[meaning]], value);
    expect(KINDS[meaning]).toContain(parseMessage(record, meaning).kind);
    const { topic, key } = { topic: record.topic, key: null };
    expectValid(validate[SCHEMAS[meaning]], { topic, key, value, headers: {} });
    expectValid(validate['node-headers'], record.headers);
  });

  it.each(FOREIGN)('should allow sample %s nowhere, which is no message of a node', (name) => {
    for (const meaning of MEANINGS) expect(validate[SCHEMAS[meaning]](sample(name).value)).toBe(false);
  });

  it('should allow nothing that the parser refuses, in samples with any one value replaced', () => {
    const odd = fc.oneof(leaf, wellFormed, fc.array(leaf, { maxLength: 3 }), fc.dictionary(contractName, leaf, { maxKeys: 3 }));
    fc.assert(
      fc.property(fc.constantFrom(...OWN), fc.nat(), odd, fc.constantFrom(...MEANINGS), ({ value, meaning }, at, replacement, other) => {
        const places = pathsOf(value);
        const changed = replaced(value, places[at % places.length] ?? [], replacement);
        if (!isJsonObject(changed)) return;
        expectAgreement(changed, meaning);
        expectAgreement(changed, other);
      }),
      { numRuns: RUNS },
    );
  });

  it('should allow nothing that the parser refuses, in objects made of the contract’s own names', () => {
    const object = fc.dictionary(contractName, fc.oneof(leaf, wellFormed, fc.dictionary(contractName, leaf, { maxKeys: 3 })), {
      maxKeys: 6,
    });
    const id = fc.constantFrom<JsonObject>({ node_id: 'node-1' }, { nodeId: 'node-1' }, { entity_id: 'node-1' }, {});
    const enveloped = fc.oneof(
      fc.tuple(id, object).map(([who, said]): JsonObject => ({ ...said, ...who })),
      fc.tuple(id, object, object).map(([who, said, around]): JsonObject => ({ ...around, payload: { ...said, ...who } })),
      fc.tuple(id, object, object).map(([who, said, around]): JsonObject => ({ ...around, ...who, data: said })),
      fc.tuple(id, object, object).map(([who, said, around]): JsonObject => ({ payload: { ...around, ...who, data: said } })),
    );
    fc.assert(
      fc.property(enveloped, fc.constantFrom(...MEANINGS), (value, meaning) => expectAgreement(value, meaning)),
      { numRuns: RUNS },
    );
  });
});

describe('the fields', { timeout: 30_000 }, () => {
  it('should be all that the parser knows', () => {
    const documented = new Set(INTROSPECTION_FIELDS.map(({ name }) => name));
    expect(PAYLOAD_FIELDS.filter((name) => name !== 'event_type' && !documented.has(name))).toEqual([]);
    expect(new Set(HEARTBEAT_FIELDS.map(({ name }) => name)).size).toBe(HEARTBEAT_FIELDS.length);
  });

  it('should be read as they were written, in either spelling and in any envelope', () => {
    fc.assert(
      fc.property(said, fc.constantFrom('snake', 'camel'), fc.constantFrom(...ENVELOPES), (fields, spelling, wrap) => {
        const payload: JsonObject = Object.fromEntries(Object.entries(fields).map(([name, value]) => [fieldName(name)[spelling], value]));
        const value = wrap({ node_id: 'node-1', ...payload });
        expectValid(validate['node-introspection'], value);
        const { content, reason, currentState, correlationId, said: when } = announcement(parseMessage(message(value), 'introspection'));
        expect({ ...content, reason, currentState, correlationId, epoch: when.epoch }).toMatchObject({
          name: fields.node_name,
          role: fields.node_role,
          type: fields.node_type,
          version: fields.node_version,
          announcedServiceName: fields.service_name,
          networkId: fields.network_id,
          deploymentId: fields.deployment_id,
          environment: fields.environment,
          instance: fields.instance_id,
          capabilities: [...new Set(fields.capabilities)].sort(),
          endpoints: Object.entries(fields.endpoints).map(([name, url]) => ({ name, url })),
          reason: fields.reason,
          currentState: fields.current_state,
          correlationId: fields.correlation_id,
          epoch: fields.epoch,
        });
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, Meaning, JsonObject]>([
    ['no node id', 'introspection', { node_type: 'effect' }],
    ['the nil UUID', 'introspection', { node_id: '00000000-0000-0000-0000-000000000000' }],
    ['a control character in the id', 'heartbeat', { node_id: 'a\nb' }],
    ['space at the end of the id', 'heartbeat', { node_id: 'a ' }],
    ['an id of 256 characters', 'acknowledgement', { node_id: 'a'.repeat(256) }],
    ['an id of 256 characters beyond the BMP', 'acknowledgement', { node_id: '😀'.repeat(256) }],
    ['an id that is no text', 'introspection', { node_id: 5 }],
    ['a type that is no text', 'heartbeat', { node_id: 'a', node_type: 5 }],
    ['a type of 101 characters', 'introspection', { node_id: 'a', nodeType: 'e'.repeat(101) }],
    ['a name that is an object', 'introspection', { node_id: 'a', node_name: {} }],
    ['a long reason', 'introspection', { node_id: 'a', reason: 'r'.repeat(256) }],
    ['an epoch with a fraction', 'heartbeat', { node_id: 'a', epoch: 1.5 }],
    ['an epoch beyond 2^53', 'heartbeat', { node_id: 'a', epoch: 2 ** 53 }],
    ['a version with a part that is no number', 'introspection', { node_id: 'a', node_version: { major: 'x' } }],
    ['capabilities that are a text', 'introspection', { node_id: 'a', capabilities: 'all' }],
    ['a long capability', 'introspection', { node_id: 'a', capabilities: { operations: ['c'.repeat(2001)] } }],
    ['a relative URL', 'introspection', { node_id: 'a', endpoints: { api: '/api' } }],
    ['credentials', 'introspection', { node_id: 'a', endpoints: { api: 'http://user:secret@h/' } }],
    ['port 0', 'introspection', { node_id: 'a', endpoints: { api: 'http://h:0/' } }],
    ['port 65536', 'introspection', { node_id: 'a', endpoints: { api: 'http://h:65536/' } }],
    ['a scheme that runs code', 'introspection', { node_id: 'a', endpoints: { api: 'JavaScript://h/%0aalert(1)' } }],
    ['no host', 'introspection', { node_id: 'a', service_url: 'http:///x' }],
    ['an endpoint without a name', 'introspection', { node_id: 'a', endpoints: [{ url: 'http://h/' }] }],
    ['endpoints that are a text', 'introspection', { node_id: 'a', endpoints: 'http://h/' }],
    ['an envelope around a text', 'introspection', { envelope_id: 'e', payload: 'x' }],
    ['a wrapped record of it', 'introspection', { topic: 't', value: { node_type: 'effect' } }],
  ])('should be refused by schema and parser alike: %s', (_what, meaning, value) => {
    expect(parseMessage(message(value), meaning).kind).toBe('rejection');
    expect(validate[SCHEMAS[meaning]](value)).toBe(false);
  });
});

const leaf = fc.oneof(
  fc.constantFrom<Json>('shutdown', 'NODE_HEARTBEAT', 'NODE_INTROSPECTION', 'node-registration-acked', 'other', '', ' ', 'a\u0007b', 'a '),
  fc.constantFrom<Json>('http://h:1/', 'unix:///run/a.sock', 'http://h:0', 'http:///x', 'file:///etc/passwd', 'http://[::1]:8080/', 'x'),
  fc.constantFrom<Json>(
    '1.2.3',
    '2026-11-24T10:00:00Z',
    'x'.repeat(101),
    'x'.repeat(256),
    'x'.repeat(2001),
    '00000000-0000-0000-0000-000000000000',
  ),
  fc.constantFrom<Json>({}, [], [''], { major: 1 }, { major: -1 }, { name: 'n', url: 'http://h' }, ['read', { name: 'write' }], { url: 5 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

/** What the fields are meant to hold. */
const wellFormed = fc.constantFrom<Json>(
  { major: 1, minor: '2', patch: null, prerelease: ['rc', 1] },
  { node_type: 'effect', node_version: '1.0', supported_operations: { read: {} } },
  { api: 'http://10.0.0.7:8085/api', health: { url: 'grpc://h' } },
  [{ name: 'api', url: 'https://h.example/' }],
  { cpu_percent: 5, memory_mb: 1e15 },
  'degraded',
  'node-1',
);

const contractName = fc.constantFrom(
  ...new Set([...INTROSPECTION_FIELDS, ...HEARTBEAT_FIELDS].flatMap(({ name }) => [fieldName(name).snake, fieldName(name).camel])),
  ...['event_type', 'envelope_timestamp', 'source_instance', 'payload', 'data', 'topic', 'value', 'name', 'url', 'api', 'operations'],
  ...['broadcast_reason', 'version', 'node_ttl_hours', 'cpu_percent', 'major'],
);

const word = fc.string({ unit: fc.constantFrom(...'abcz09-_.äß😀'), minLength: 1, maxLength: 30 });
const said = fc.record({
  node_name: word,
  node_role: word,
  node_type: fc.constantFrom('effect', 'compute', 'my-type'),
  node_version: fc.constantFrom('1.2.3', '2.0.0-rc.1+5'),
  service_name: word,
  instance_id: word.map((text) => `instance-${text}`),
  environment: word,
  network_id: word,
  deployment_id: word,
  reason: fc.constantFrom('startup', 'periodic', 'capability_change'),
  correlation_id: fc.uuid(),
  epoch: fc.nat(),
  current_state: fc.oneof(word, fc.record({ phase: word })),
  capabilities: fc.array(word, { maxLength: 5 }),
  endpoints: fc.dictionary(fc.constantFrom('api', 'health', 'grpc'), fc.constantFrom('http://h:1/', 'grpc://i:2', 'https://[::1]/x')),
});

const ENVELOPES: readonly ((payload: JsonObject) => JsonObject)[] = [
  (payload) => payload,
  (payload) => ({ payload }),
  (payload) => ({ envelope_id: 'e-1', envelope_timestamp: '2026-11-24T10:00:00Z', payload }),
  (payload) => ({ event_type: 'NODE_INTROSPECTION', event_timestamp: '2026-11-24T10:00:00Z', payload }),
  ({ node_id = null, ...data }) => ({ node_id, data }),
  (payload) => ({ topic: 'onex.evt.platform.node-introspection.v1', key: null, value: { payload } }),
];

function meaningOf(name: string): Meaning {
  if (name.includes('heartbeat')) return 'heartbeat';
  return name.includes('acked') ? 'acknowledgement' : 'introspection';
}

function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const inner = isJsonObject(value) ? Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key])) : [];
  return [path, ...inner];
}

function replaced(value: Json, path: readonly string[], replacement: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined || !isJsonObject(value)) return replacement;
  return { ...value, [key]: replaced(value[key] ?? null, rest, replacement) };
}
