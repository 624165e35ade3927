import { fieldName, read } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { shownName } from './path.ts';
import { isLongerThan } from './text-length.ts';
import { Unacceptable } from './unacceptable.ts';

/** An item of a GIN index must stay under 8,191 bytes; a character has up to 4. */
export const CAPABILITY_MAX_LENGTH = 2000;

/** What a node can do. */
export interface Capabilities {
  /** Sorted by code unit, unique, as spelt by the node. */
  readonly names: readonly string[];
  /** As announced, whole: the value of the only `capabilities`, else each source under its wire name, else `{}`. */
  readonly details: Json;
}

/** Places that hold capabilities, by the names they have in {@link Capabilities.details}. */
const CAPABILITIES = fieldName('capabilities');
export const STRUCTURE_NAMES = ['declared_capabilities', 'discovered_capabilities', 'contract_capabilities'] as const;
const STRUCTURES = STRUCTURE_NAMES.map(fieldName);
const IN_METADATA = 'metadata.capabilities';

const spellings = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.flatMap((name) => [fieldName(name).snake, fieldName(name).camel]));

/** Keys whose items or keys are names themselves. */
export const OPERATION_LISTS = ['supported_operations', 'operations', 'capability_tags', 'intent_types', 'protocols'] as const;
const LISTS = spellings(OPERATION_LISTS);
const NESTED = spellings(STRUCTURE_NAMES);
/** Keys that describe the node instead of naming something it can do, whatever their value. */
const DESCRIPTORS = spellings([
  'node_type',
  'node_version',
  'fsm_states',
  'has_fsm',
  'performance',
  'performance_metrics',
  'resource_limits',
  'service_integration',
  'config',
  'configuration',
  'feature_flags',
  'resolved_feature_flags',
  'method_signatures',
  'attributes',
  'metadata',
  'mcp',
  'batch_size',
  'max_batch',
  'supported_types',
]);

/** Throws Unacceptable INVALID_FIELD for a name over 2,000 characters, and where `capabilities` is neither a list nor an object. */
export function readCapabilities(payload: JsonObject, path: string): Capabilities {
  const names = new Set<string>();
  const sources: Record<string, Json> = {};
  const plain = read(payload, CAPABILITIES);
  if (plain !== null) {
    if (typeof plain !== 'object') {
      throw new Unacceptable('INVALID_FIELD', `${path}capabilities is neither a list of names nor an object.`);
    }
    sources['capabilities'] = plain;
    collect(plain, true, names);
  }
  for (const name of STRUCTURES) {
    const structure = read(payload, name);
    if (structure === null) continue;
    sources[name.snake] = structure;
    collect(structure, false, names);
  }
  const metadata = payload['metadata'];
  const inMetadata = isJsonObject(metadata) ? read(metadata, CAPABILITIES) : null;
  if (inMetadata !== null) {
    sources[IN_METADATA] = inMetadata;
    collect(inMetadata, true, names);
  }
  for (const name of names) {
    if (isLongerThan(name, CAPABILITY_MAX_LENGTH)) {
      const reason = `${path}capabilities has a name longer than ${CAPABILITY_MAX_LENGTH} characters (${shownName(name)}).`;
      throw new Unacceptable('INVALID_FIELD', reason);
    }
  }
  return { names: [...names].sort(), details: detailsOf(sources) };
}

function detailsOf(sources: Readonly<Record<string, Json>>): Json {
  const found = Object.keys(sources);
  const [only] = found;
  // What queries read with `capabilities->>'node_version'` stays where it was announced.
  return found.length === 1 && (only === 'capabilities' || only === IN_METADATA) ? (sources[only] ?? {}) : sources;
}

/**
 * Adds the names in a list or an object. `emptyCounts`: in a plain capabilities object `{"geocode": {}}` is a capability without
 * settings; in the platform's structures, whose keys are fixed, an empty object is a setting that was not made.
 */
function collect(source: Json, emptyCounts: boolean, names: Set<string>): void {
  if (Array.isArray(source)) {
    addItems(source, names);
    return;
  }
  if (!isJsonObject(source)) return;
  for (const [key, value] of Object.entries(source)) {
    if (typeof value === 'object' && LISTS.has(key)) addOperations(value, names);
    else if (typeof value === 'object' && NESTED.has(key)) collect(value, false, names);
    else if (DESCRIPTORS.has(key)) continue;
    else if (value === true || (isJsonObject(value) && (emptyCounts || hasKeys(value)))) add(key, names);
  }
}

/** A list of names, or an object whose keys are the names. */
function addOperations(operations: Json, names: Set<string>): void {
  if (Array.isArray(operations)) addItems(operations, names);
  else if (isJsonObject(operations)) {
    for (const [key, value] of Object.entries(operations)) {
      if (value !== null && value !== false) add(key, names);
    }
  }
}

/** Items are names, or objects with one. */
function addItems(items: readonly Json[], names: Set<string>): void {
  for (const item of items) {
    const name = isJsonObject(item) ? item['name'] : item;
    if (typeof name === 'string') add(name, names);
  }
}

function add(name: string, names: Set<string>): void {
  const trimmed = name.trim();
  if (trimmed !== '') names.add(trimmed);
}

function hasKeys(object: JsonObject): boolean {
  for (const _key in object) return true;
  return false;
}
