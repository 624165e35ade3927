import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { SCOPES } from '../../../src/graphql/asker.ts';
import { type EditionOperation, Editions } from '../../../src/graphql/editions.ts';
import { createErrorMask } from '../../../src/graphql/errors.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { MemoryRegistry, sampleNode } from './memory-registry.ts';

const TEXT =
  'subscription ($after: Cursor, $snapshot: Boolean, $types: [String!], $all: Boolean = true) { registrationChanges(after: $after, snapshot: $snapshot, filter: {nodeTypes: $types}) { cursor nodeId @include(if: $all) } }';

function operation(text: string, different: Partial<EditionOperation> = {}): EditionOperation {
  return { document: parse(text), text, operationName: null, variables: {}, scopes: SCOPES.read, ...different };
}

function start() {
  const registry = new MemoryRegistry();
  const log: object[] = [];
  const maskError = createErrorMask({ log: { error: (bindings: object) => void log.push(bindings) }, newId: () => 'id-1' });
  return { registry, log, editions: new Editions({ schema: buildSchema(), registry, maskError }) };
}

describe('the key of an edition', () => {
  const { editions } = start();
  const key = (different: Partial<EditionOperation> = {}, text = TEXT) => editions.keyOf(operation(text, different));

  it('should be the same wherever in the log a subscriber begins, and whatever it says beside that', () => {
    expect(key({ variables: { after: '0000000000000001' } })).toBe(key());
    expect(key({ variables: { snapshot: true } })).toBe(key());
    expect(key({ variables: { unknown: 1 } })).toBe(key());
    expect(key({ operationName: undefined })).toBe(key());
  });

  it('should differ with the document, the operation, the scopes and every other variable', () => {
    const texts = [key({}, `${TEXT} `), key({ operationName: 'A' }), key({ scopes: SCOPES.write }), key({ scopes: SCOPES.nothing })];
    const variables = [{ types: ['effect'] }, { types: null }, { types: [] }, { all: false }, { types: ['effect'], all: false }];
    const keys = [key(), ...texts, ...variables.map((each) => key({ variables: each }))];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('should differ with a variable that says where to begin and something else too', () => {
    const text =
      'subscription ($snapshot: Boolean!) { ...Changes } fragment Changes on Subscription { feed: registrationChanges(snapshot: $snapshot) { cursor node @include(if: $snapshot) { nodeId } } }';
    expect(key({ variables: { snapshot: true } }, text)).not.toBe(key({ variables: { snapshot: false } }, text));
  });
});

describe('an edition', () => {
  it('should execute and write an event once', () => {
    const { registry, editions } = start();
    const asked = operation('subscription { registrationChanges { cursor node { nodeId version } } }');
    const edition = editions.open('key', asked);
    expect(editions.open('key', asked)).toBe(edition);
    const event = registry.put(sampleNode('n-1'));
    const bytes = edition.bytesOf(event);
    expect(String(bytes)).toBe('{"data":{"registrationChanges":{"cursor":"0000000000000001","node":{"nodeId":"n-1","version":"1.4.2"}}}}');
    expect(edition.bytesOf(event)).toBe(bytes);
    expect(String(edition.bytesOf(registry.put(sampleNode('ü'))))).toContain('"ü"');
  });

  it('should be kept while somebody follows it', () => {
    const { editions } = start();
    const asked = operation(TEXT);
    editions.open('key', asked);
    editions.open('key', asked);
    editions.close('key');
    expect(editions.size()).toBe(1);
    editions.close('key');
    expect(editions.size()).toBe(0);
  });

  it('should leave to the subscribers what takes a back end to find out', () => {
    const { registry, editions } = start();
    registry.failure = new Error('not reached');
    const edition = editions.open('key', operation('subscription { registrationChanges { node { changes(first: 1) { cursor } } } }'));
    expect(edition.bytesOf(registry.put(sampleNode('n-1')))).toBeNull();
  });

  it('should mask what fails on the inside', () => {
    const { registry, editions, log } = start();
    const edition = editions.open('key', operation('subscription { registrationChanges { nodeId node { leaseExpiresAt } } }'));
    registry.leaseExpiresAt = () => {
      throw new Error('secret detail');
    };
    const text = String(edition.bytesOf(registry.put(sampleNode('n-1'))));
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1' } }] });
    expect(text).not.toContain('secret detail');
    expect(log).toMatchObject([{ error: new Error('secret detail') }]);
  });
});
