import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/events/json.ts';
import { announced, rejected } from './message.ts';

const names = (fields: JsonObject) => announced(fields).content.capabilities;
const details = (fields: JsonObject) => announced(fields).content.capabilityDetails;

describe('capability names', () => {
  it('should be the items of a list, sorted and unique', () => {
    expect(
      names({ capabilities: ['write', 'read', 'read', ' geo ', '', ' ', 5, null, true, { name: 'ocr', version: 2 }, { id: 1 }, ['x']] }),
    ).toEqual(['geo', 'ocr', 'read', 'write']);
  });

  it('should be the keys of an object whose value is true or an object', () => {
    expect(
      names({
        capabilities: { read: true, geo: { region: 'eu' }, empty: {}, write: false, ocr: null, batch: 500, custom: 'geo', list: ['a'] },
      }),
    ).toEqual(['empty', 'geo', 'read']);
  });

  it('should not be descriptors, whatever their value and spelling', () => {
    const descriptors = [
      'node_type',
      'node_version',
      'fsm_states',
      'performance',
      'resource_limits',
      'service_integration',
      'config',
      'feature_flags',
      'method_signatures',
      'attributes',
      'batch_size',
      'nodeVersion',
      'fsmStates',
      'resourceLimits',
    ];
    for (const value of [true, { a: 1 }]) {
      const fields = Object.fromEntries(descriptors.filter((key) => !/type|version/i.test(key)).map((key) => [key, value]));
      expect(names({ capabilities: { ...fields, read: true } })).toEqual(['read']);
    }
    expect(names({ capabilities: { node_type: 'effect', nodeVersion: '1', read: true } })).toEqual(['read']);
  });

  it('should be supported operations, as a list or as an object', () => {
    expect(names({ capabilities: { supported_operations: ['b', 'a'] } })).toEqual(['a', 'b']);
    expect(names({ capabilities: { supportedOperations: { a: {}, b: null, c: false, d: 5, e: { x: 1 } } } })).toEqual(['a', 'd', 'e']);
  });

  it('should be what is declared as true, not settings that were not made', () => {
    const declared = {
      postgres: true,
      read: false,
      batch_size: 500,
      custom_capability: 'geo',
      config: {},
      unset: {},
      set: { a: 1 },
      mcp: null,
    };
    expect(names({ declared_capabilities: declared })).toEqual(['postgres', 'set']);
  });

  it('should be discovered operations and free keys', () => {
    expect(
      names({
        discovered_capabilities: {
          operations: ['execute'],
          has_fsm: true,
          method_signatures: { execute: '()' },
          attributes: { a: 1 },
          free: true,
        },
      }),
    ).toEqual(['execute', 'free']);
  });

  it('should be tags, intents and protocols of the contract', () => {
    expect(
      names({ contract_capabilities: { capability_tags: ['tag'], intent_types: ['intent'], protocols: ['grpc'], other: ['no'] } }),
    ).toEqual(['grpc', 'intent', 'tag']);
  });

  it('should be collected from any mixture', () => {
    expect(
      names({
        capabilities: { a: true, declared_capabilities: { b: true }, discovered_capabilities: { operations: ['c'] } },
        declared_capabilities: { d: true },
        discovered_capabilities: { e: { x: 1 } },
        contract_capabilities: { protocols: ['f'] },
        metadata: { capabilities: ['g'] },
      }),
    ).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('should keep their case, and be sorted by code unit', () => {
    expect(names({ capabilities: ['b', 'B', 'ä', 'a-1', 'a_1'] })).toEqual(['B', 'a-1', 'a_1', 'b', 'ä']);
  });

  it('should have at most 2,000 characters, or the index would refuse the row', () => {
    expect(names({ capabilities: ['😀'.repeat(2000)] })).toHaveLength(1);
    expect(rejected({ capabilities: ['x'.repeat(2001)] })).toMatchObject({
      errorType: 'INVALID_FIELD',
      reason: expect.stringContaining('2000'),
    });
    expect(rejected({ contract_capabilities: { protocols: ['x'.repeat(2001)] } }).errorType).toBe('INVALID_FIELD');
  });

  it.each(['read', 5, true])('should be rejected when capabilities is %j', (capabilities) => {
    expect(rejected({ capabilities }).errorType).toBe('INVALID_FIELD');
  });
});

describe('capability details', () => {
  it('should be the plain list or object itself', () => {
    expect(details({ capabilities: ['b', 'a', 5] })).toEqual(['b', 'a', 5]);
    expect(details({ capabilities: { node_version: '1.0.0', x: { y: [1] } } })).toEqual({ node_version: '1.0.0', x: { y: [1] } });
    expect(details({ metadata: { capabilities: ['a'] } })).toEqual(['a']);
  });

  it('should be each source under its wire name where there is any other', () => {
    expect(details({ declaredCapabilities: { a: true } })).toEqual({ declared_capabilities: { a: true } });
    expect(details({ capabilities: ['a'], contract_capabilities: { protocols: ['p'] }, metadata: { capabilities: ['b'] } })).toEqual({
      capabilities: ['a'],
      contract_capabilities: { protocols: ['p'] },
      'metadata.capabilities': ['b'],
    });
  });

  it('should be empty where nothing was announced', () => {
    expect(announced({}).content).toMatchObject({ capabilities: [], capabilityDetails: {} });
    expect(details({ capabilities: null, contract_capabilities: null })).toEqual({});
  });
});
