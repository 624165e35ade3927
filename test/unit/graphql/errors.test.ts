import { GraphQLError, parse, type SelectionNode, Source } from 'graphql';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { createErrorMask } from '../../../src/graphql/errors.ts';

function setUp() {
  const logged: unknown[] = [];
  let ids = 0;
  const mask = createErrorMask({
    log: { error: (...parts: unknown[]) => void logged.push(parts[0]) },
    newId: () => `id-${++ids}`,
  });
  return { mask, logged };
}

function field(): SelectionNode {
  const [operation] = parse('{ capabilities { name } }').definitions;
  const selection = operation?.kind === 'OperationDefinition' ? operation.selectionSet.selections[0] : undefined;
  if (selection === undefined) throw new Error('the document has one field');
  return selection;
}

describe('the error mask', () => {
  it('should keep code, message, details and place of a GatewayError', () => {
    const { mask, logged } = setUp();
    const cause = new GatewayError('CURSOR_EXPIRED', 'take a snapshot', { floor: 7 });
    const masked = mask(new GraphQLError('take a snapshot', { originalError: cause, path: ['changes'], nodes: field() }));
    expect(masked.toJSON()).toEqual({
      message: 'take a snapshot',
      path: ['changes'],
      locations: [{ line: 1, column: 3 }],
      extensions: { code: 'CURSOR_EXPIRED', floor: 7 },
    });
    expect(masked.originalError).toBeUndefined();
    expect(logged).toEqual([]);
  });

  it('should take a bare GatewayError, as an iterator throws it', () => {
    expect(setUp().mask(new GatewayError('SUBSCRIBER_TOO_SLOW', 'resume')).extensions).toEqual({ code: 'SUBSCRIBER_TOO_SLOW' });
  });

  it('should not let details pose as the code', () => {
    expect(setUp().mask(new GatewayError('FORBIDDEN', 'no', { code: 'OK' })).extensions['code']).toBe('FORBIDDEN');
  });

  it('should say nothing of an internal error but an id, under which the log has it', () => {
    const { mask, logged } = setUp();
    const cause = new Error('password=hunter2 at db-1');
    const masked = mask(new GraphQLError(cause.message, { originalError: cause, path: ['nodes', 0, 'changes'] }));
    expect(masked.message).toBe("Internal error. The gateway's log has it under correlation id id-1.");
    expect(masked.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1', unexpected: true });
    expect(masked.path).toEqual(['nodes', 0, 'changes']);
    expect(JSON.stringify(masked)).not.toContain('hunter2');
    expect(logged).toEqual([{ error: cause, correlationId: 'id-1', path: 'nodes.0.changes' }]);
  });

  it('should log one failure once, however many fields it reached', () => {
    const { mask, logged } = setUp();
    const cause = new Error('broken');
    const ids = ['a', 'b'].map(
      (key) => mask(new GraphQLError('broken', { originalError: cause, path: [key] })).extensions['correlationId'],
    );
    expect(ids).toEqual(['id-1', 'id-1']);
    expect(logged).toHaveLength(1);
  });

  it('should mask what is thrown without being an Error', () => {
    expect(setUp().mask('a secret').message).not.toContain('a secret');
  });

  it('should keep the codes of the GraphQL library, and give BAD_USER_INPUT where it has none', () => {
    const { mask } = setUp();
    const coded = new GraphQLError('x', { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } } });
    expect(mask(coded)).toBe(coded);
    const bare = mask(new GraphQLError('Variable "$first" got invalid value', { extensions: { http: { status: 400 } } }));
    expect(bare.message).toBe('Variable "$first" got invalid value');
    expect(bare.extensions).toEqual({ code: 'BAD_USER_INPUT', http: { status: 400 } });
  });

  it('should mask a value that could not be serialised, which is our fault', () => {
    const { mask, logged } = setUp();
    const masked = mask(new GraphQLError('Int cannot represent 1.5', { path: ['totalCount'], nodes: field() }));
    expect(masked.extensions['code']).toBe('INTERNAL_SERVER_ERROR');
    expect(logged).toHaveLength(1);
  });

  it('should keep the source and positions of an error in the document', () => {
    const source = new Source('{ nope');
    const masked = setUp().mask(new GraphQLError('Syntax Error', { source, positions: [6] }));
    expect(masked.locations).toEqual([{ line: 1, column: 7 }]);
  });
});
