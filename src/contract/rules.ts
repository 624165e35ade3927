import { CAPABILITY_MAX_LENGTH, OPERATION_LISTS, STRUCTURE_NAMES } from '../events/capabilities.ts';
import { REFUSED_SCHEMES, URL_MAX_LENGTH } from '../events/endpoint-url.ts';
import { fieldName, TEXT_MAX_LENGTH } from '../events/field.ts';
import { LARGEST_MEASUREMENT } from '../events/heartbeat.ts';
import { NIL_UUID, NODE_ID_MAX_LENGTH } from '../events/node-id.ts';
import { TYPE_MAX_LENGTH } from '../events/node-type.ts';
import { anyCase, type JsonSchema, NOT_BLANK, orNull, PLAIN, ref, TRIMMED } from './json-schema.ts';

/**
 * The kinds of values that fields of nodes' messages have, as the parser in `src/events` takes them. Where the parser reads more than a
 * node should write (a health status that is no word of the contract counts as absent), the rule has what a node should write. Nothing that
 * a rule allows is refused by the parser: test/unit/contract/agreement.property.test.ts.
 */
export const RULES = {
  text: {
    description: `At most ${TEXT_MAX_LENGTH} characters without control characters. Space around it is cut, empty counts as absent, a number counts as written.`,
    ...orNull({ type: 'string', maxLength: TEXT_MAX_LENGTH, pattern: PLAIN }, { type: 'number' }),
  },
  id: {
    description: `At most ${TEXT_MAX_LENGTH} characters without control characters.`,
    ...orNull({ type: 'string', maxLength: TEXT_MAX_LENGTH, pattern: PLAIN }, { type: 'number' }),
  },
  nodeId: {
    description: `1 to ${NODE_ID_MAX_LENGTH} characters, no control character, no space at either end, not the nil UUID.`,
    type: 'string',
    minLength: 1,
    maxLength: NODE_ID_MAX_LENGTH,
    pattern: TRIMMED,
    not: { const: NIL_UUID },
  },
  nodeType: {
    description: `At most ${TYPE_MAX_LENGTH} characters without control characters; kept in lower case, a suffix _GENERIC is dropped.`,
    ...orNull({ type: 'string', maxLength: TYPE_MAX_LENGTH, pattern: PLAIN }),
  },
  version: {
    description: 'A text, or the parts of a semantic version.',
    ...orNull(
      { type: 'string', maxLength: TEXT_MAX_LENGTH, pattern: PLAIN },
      { type: 'number' },
      {
        type: 'object',
        properties: {
          major: orNull(ref('versionNumber')),
          minor: orNull(ref('versionNumber')),
          patch: orNull(ref('versionNumber')),
          prerelease: ref('versionIdentifiers'),
          build: ref('versionIdentifiers'),
        },
      },
    ),
  },
  versionNumber: {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', pattern: '^[0-9]{1,16}$' },
    ],
  },
  versionIdentifiers: {
    description: 'Identifiers with dots between them, or a list of them.',
    ...orNull(
      { type: 'string', maxLength: 95, pattern: PLAIN },
      {
        type: 'array',
        maxItems: 5,
        items: orNull({ type: 'string', maxLength: 18, pattern: PLAIN }, { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      },
    ),
  },
  time: {
    description:
      'ISO 8601 with any number of fraction digits, no zone meaning UTC; or a number since 1970 in s, ms, µs or ns. Unreadable counts as absent.',
    type: ['string', 'number', 'null'],
  },
  epoch: {
    description: 'A whole number that grows with each life of the node.',
    ...orNull(
      { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', pattern: '^-?[0-9]{1,15}$' },
    ),
  },
  health: {
    description: 'In any case; other words count as absent.',
    ...orNull({
      type: 'string',
      pattern: `^(?:${['healthy', 'degraded', 'unhealthy', 'critical', 'recovering'].map(anyCase).join('|')})$`,
    }),
  },
  measurement: { ...orNull({ type: 'number', minimum: 0, maximum: LARGEST_MEASUREMENT }) },
  capabilityNames: {
    description: `Names, each of at most ${CAPABILITY_MAX_LENGTH} characters: texts, objects with a name, or the keys of an object.`,
    items: { maxLength: CAPABILITY_MAX_LENGTH, properties: { name: { maxLength: CAPABILITY_MAX_LENGTH } } },
    propertyNames: { maxLength: CAPABILITY_MAX_LENGTH },
  },
  capabilities: {
    description:
      'A list of names (or of objects with a name), or an object: a key is a name where its value is true or an object, unless the key describes the node.',
    type: ['array', 'object', 'null'],
    items: { maxLength: CAPABILITY_MAX_LENGTH, properties: { name: { maxLength: CAPABILITY_MAX_LENGTH } } },
    propertyNames: { maxLength: CAPABILITY_MAX_LENGTH },
    properties: bothSpellings([
      ...OPERATION_LISTS.map((name) => [name, ref('capabilityNames')] as const),
      ...STRUCTURE_NAMES.map((name) => [name, ref('capabilities')] as const),
      ['node_type', { anyOf: [ref('nodeType'), { not: { type: 'string' } }] }],
      ['node_version', { anyOf: [ref('version'), { type: ['boolean', 'array'] }] }],
    ]),
  },
  url: {
    description:
      'Absolute, with a host where the scheme needs one, a port from 1 to 65535, no credentials. Empty and null count as absent.',
    ...orNull({ const: '' }, { type: 'string', maxLength: URL_MAX_LENGTH, pattern: urlPattern(), not: { pattern: refusedSchemes() } }),
  },
  endpoints: {
    description: 'Name to URL; {"name": {"url": …}} and [{"name": …, "url": …}] are read too.',
    ...orNull(
      {
        type: 'object',
        propertyNames: { maxLength: TEXT_MAX_LENGTH, pattern: NOT_BLANK },
        additionalProperties: { anyOf: [ref('url'), { type: 'object', properties: { url: ref('url') } }] },
      },
      {
        type: 'array',
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: {
              type: 'string',
              maxLength: TEXT_MAX_LENGTH,
              pattern: NOT_BLANK,
              not: { enum: ['__proto__', 'constructor', 'prototype'] },
            },
            url: ref('url'),
          },
        },
      },
    ),
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;

export type RuleName = keyof typeof RULES;

/** The rule and all that it refers to, as `$defs` hold them. */
export function rulesFor(names: Iterable<string>): Readonly<Record<string, JsonSchema>> {
  const all: Readonly<Record<string, JsonSchema>> = RULES;
  const found: Record<string, JsonSchema> = {};
  const add = (name: string) => {
    const rule = all[name];
    if (rule === undefined || Object.hasOwn(found, name)) return;
    found[name] = rule;
    for (const inner of referredIn(rule)) add(inner);
  };
  for (const name of names) add(name);
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The names of the rules that a schema refers to. */
export function referredIn(schema: JsonSchema): readonly string[] {
  return [...JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)].map(([, name = '']) => name);
}

function bothSpellings(fields: readonly (readonly [string, JsonSchema])[]): JsonSchema {
  return Object.fromEntries(fields.flatMap(([name, schema]) => [fieldName(name).snake, fieldName(name).camel].map((key) => [key, schema])));
}

/** ASCII only, which RFC 3986 asks for; the gateway reads more. */
function urlPattern(): string {
  const scheme = '[A-Za-z][A-Za-z0-9+.-]*';
  const host = '(?:[A-Za-z0-9._~-]{1,253}|\\[[0-9A-Fa-f:.]+\\])';
  const port = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
  const rest = '[\\x21-\\x5b\\x5d-\\x7e]*';
  return `^${scheme}://(?:${host}(?::${port})?)?(?:[/?#]${rest})?$`;
}

/** Those that address no service, and those that have no URLs without a host where none is written. */
function refusedSchemes(): string {
  const refused = [...REFUSED_SCHEMES].map((scheme) => anyCase(scheme.slice(0, -1))).join('|');
  const withHost = ['http', 'https', 'ws', 'wss', 'ftp'].map(anyCase).join('|');
  return `^(?:(?:${refused}):|(?:${withHost})://(?:[/?#]|$))`;
}
