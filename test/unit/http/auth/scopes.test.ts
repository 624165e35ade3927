import { type GraphQLField, type GraphQLObjectType, isInputObjectType, isLeafType, isListType, isNonNullType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../../../src/graphql/schema.ts';
import { startServer } from '../running-server.ts';
import { accessOf, bearer, READ_TOKEN, TOKENS, WRITE_TOKEN } from './access.ts';

const schema = buildSchema();

function fieldsOf(type: GraphQLObjectType | null | undefined): GraphQLField<unknown, unknown>[] {
  return Object.values(type?.getFields() ?? {});
}

/** The shortest valid selection of a field: required arguments as variables of their type, and `__typename` below. */
function operation(kind: string, field: GraphQLField<unknown, unknown>): { query: string; variables: Record<string, unknown> } {
  const required = field.args.filter((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined);
  const declared = required.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const passed = required.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  let type: unknown = field.type;
  while (isNonNullType(type) || isListType(type)) type = type.ofType;
  const query = `${kind} ${declared === '' ? '' : `(${declared})`} { ${field.name} ${passed === '' ? '' : `(${passed})`} ${isLeafType(type) ? '' : '{ __typename }'} }`;
  return { query, variables: Object.fromEntries(required.map((arg) => [arg.name, sampleOf(arg.type)])) };
}

function sampleOf(type: unknown): unknown {
  if (isNonNullType(type)) return sampleOf(type.ofType);
  if (isListType(type)) return [sampleOf(type.ofType)];
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(required.map((field) => [field.name, sampleOf(field.type)]));
  }
  return isObjectType(type) ? {} : 'x';
}

/** Sent over SSE where the kind needs a stream. */
async function codes(url: string, kind: string, field: GraphQLField<unknown, unknown>, headers: Readonly<Record<string, string>>) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(kind === 'subscription' ? { accept: 'text/event-stream' } : {}), ...headers },
    body: JSON.stringify(operation(kind, field)),
  });
  return { status: response.status, text: await response.text() };
}

describe('every mutation of the schema', () => {
  const fields = fieldsOf(schema.getMutationType());

  it('should be one of several', () => {
    expect(fields.length).toBeGreaterThanOrEqual(2);
  });

  it.each(fields.map((field) => [field.name, field] as const))('%s should need registry:write', async (_name, field) => {
    const { url, registry } = await startServer({ access: accessOf({ ...TOKENS, ALLOW_ANONYMOUS: 'read' }) });
    const reader = await codes(url, 'mutation', field, bearer(READ_TOKEN));
    expect(reader.status).toBe(403);
    expect(JSON.parse(reader.text)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'FORBIDDEN', scope: 'registry:write' } }],
    });
    const nobody = await codes(url, 'mutation', field, {});
    expect(nobody.status).toBe(401);
    expect(nobody.text).toContain('UNAUTHENTICATED');
    expect(registry.callers).toEqual([]);
    const writer = await codes(url, 'mutation', field, bearer(WRITE_TOKEN));
    expect(writer.text).not.toMatch(/FORBIDDEN|UNAUTHENTICATED/);
  });
});

describe('every query and subscription of the schema', () => {
  const all = [
    ...fieldsOf(schema.getQueryType()).map((field) => ['query', field.name, field] as const),
    ...fieldsOf(schema.getSubscriptionType()).map((field) => ['subscription', field.name, field] as const),
  ];

  it.each(all)('%s %s should need a token', async (kind, _name, field) => {
    const { url, registry } = await startServer({ access: accessOf(TOKENS) });
    const { status, text } = await codes(url, kind, field, {});
    expect(status).toBe(401);
    expect(text).toContain('UNAUTHENTICATED');
    expect(registry.subscribers).toBe(0);
  });
});
