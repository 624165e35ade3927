import { describe, expect, it } from 'vitest';
import { sha256, TrustedDocuments } from '../../../src/graphql/trusted-documents.ts';

const TEXT = '{ nodes { totalCount } }';
const trusted = (mode: 'off' | 'allow' | 'only') => new TrustedDocuments(mode, new Map([['count', TEXT]]));

function codeOf(reference: object, mode: 'off' | 'allow' | 'only'): unknown {
  try {
    return trusted(mode).textOf(reference);
  } catch (error) {
    return error instanceof Error && 'extensions' in error ? error.extensions : error;
  }
}

describe('a registered document', () => {
  const hash = sha256(TEXT);

  it.each([
    ['its name', { documentId: 'count' }],
    ['its hash', { documentId: hash }],
    ['its hash in capitals', { documentId: hash.toUpperCase() }],
    ['its hash with the prefix of the draft', { documentId: `sha256:${hash}` }],
    ["its hash as Apollo's clients have it", { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }],
    ['its hash beside an empty text', { query: '', documentId: hash }],
    ['its text', { query: TEXT }],
  ])('should be found by %s', (_what, reference) => {
    expect(codeOf(reference, 'allow')).toBe(TEXT);
    expect(codeOf(reference, 'only')).toBe(TEXT);
  });

  it.each([
    ['an unknown name', { documentId: 'nope' }, 'allow', 'PERSISTED_QUERY_NOT_FOUND'],
    ['an unknown hash', { extensions: { persistedQuery: { sha256Hash: sha256('x') } } }, 'only', 'PERSISTED_QUERY_NOT_FOUND'],
    ['another text where others are not answered', { query: '{ __schema { types { name } } }' }, 'only', 'PERSISTED_QUERY_NOT_FOUND'],
    ['a name where none is listed', { documentId: 'count' }, 'off', 'PERSISTED_QUERY_NOT_SUPPORTED'],
  ] as const)('should be missed with its code: %s', (_what, reference, mode, code) => {
    expect(codeOf(reference, mode)).toMatchObject({ code });
  });

  it.each([
    ['a hash', { documentId: sha256('x') }],
    ["a hash as Apollo's clients have it", { extensions: { persistedQuery: { version: 1, sha256Hash: sha256('x') } } }],
    ['the hash of a listed one', { documentId: `sha256:${hash}`, query: '{ __typename }' }],
    ['the name of a listed one', { documentId: 'count', query: '{ __typename }' }],
  ])('should not be answered beside %s that is another one', (_what, reference) => {
    for (const mode of ['allow', 'only'] as const) {
      expect(codeOf({ query: TEXT, ...reference }, mode)).toMatchObject({ code: 'PERSISTED_QUERY_MISMATCH' });
    }
  });

  it('should be answered beside its own id, and beside a name that nobody has listed', () => {
    for (const reference of [{ documentId: hash.toUpperCase() }, { documentId: 'count' }, { documentId: 'nope' }]) {
      expect(codeOf({ query: TEXT, ...reference }, 'only')).toBe(TEXT);
    }
    expect(codeOf({ query: '{ a }', documentId: sha256('{ a }') }, 'off')).toBe('{ a }');
    expect(codeOf({ query: '{ a }', documentId: sha256('{ b }') }, 'off')).toMatchObject({ code: 'PERSISTED_QUERY_MISMATCH' });
  });

  it('should stand beside other texts where those are answered, and be no matter where there is neither text nor id', () => {
    expect(codeOf({ query: '{ __typename }' }, 'allow')).toBe('{ __typename }');
    expect(codeOf({ query: '{ __typename }' }, 'off')).toBe('{ __typename }');
    for (const reference of [
      {},
      { query: '' },
      { query: 7 },
      { documentId: '' },
      { extensions: 'x' },
      { extensions: { persistedQuery: 1 } },
    ]) {
      expect(codeOf(reference, 'only')).toBeUndefined();
    }
  });
});
