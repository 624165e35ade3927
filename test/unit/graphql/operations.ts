import { execute, parse, subscribe, validate } from 'graphql';
import { expect } from 'vitest';
import { type Asker, SCOPES } from '../../../src/graphql/asker.ts';
import { createContext } from '../../../src/graphql/context.ts';
import { createErrorMask } from '../../../src/graphql/errors.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { MemoryRegistry } from './memory-registry.ts';

const schema = buildSchema();
const mask = createErrorMask({ log: { error: () => undefined }, newId: () => 'id-1' });

const anybody: Asker = { key: 'address:127.0.0.1', authenticated: false, name: null, scopes: SCOPES.write, expiresAt: null };

/** An empty registry, and operations on it as a client would see them. */
export function operations(asker: Asker = anybody) {
  const registry = new MemoryRegistry();

  async function run(query: string, variableValues: Record<string, unknown> = {}, operator?: string) {
    const document = parse(query);
    const invalid = validate(schema, document);
    if (invalid.length > 0) throw new Error(invalid.map((error) => error.message).join('\n'));
    const result = await execute({ schema, document, variableValues, contextValue: createContext(registry, asker, operator) });
    return {
      // Through JSON, because that is what a client gets.
      data: JSON.parse(JSON.stringify(result.data ?? null)),
      errors: (result.errors ?? []).map((error) => mask(error)),
    };
  }

  async function codeOf(query: string, variables: Record<string, unknown> = {}, operator?: string): Promise<unknown> {
    const { errors } = await run(query, variables, operator);
    expect(errors).toHaveLength(1);
    return errors[0]?.extensions['code'];
  }

  /** The first answer of a subscription, which then ends. */
  async function firstOf(query: string): Promise<unknown> {
    const answers = await subscribe({ schema, document: parse(query), contextValue: createContext(registry, asker, undefined) });
    if (!(Symbol.asyncIterator in answers)) throw new Error(JSON.stringify(answers.errors));
    const { value } = await answers.next();
    await answers.return?.();
    return JSON.parse(JSON.stringify(value));
  }

  return { registry, run, codeOf, firstOf };
}
