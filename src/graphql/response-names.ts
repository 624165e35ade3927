import { type ASTVisitor, type FieldNode, GraphQLError, type ValidationContext } from 'graphql';

/**
 * Refuses `then` as the name of a field in an answer: the executor takes any object that has something of that name for a promise, and
 * fails on it. No field of the schema is called so; an alias is easily another one.
 */
export function answersAreNoPromises(context: ValidationContext): ASTVisitor {
  return {
    Field(node: FieldNode) {
      if (node.alias?.value !== 'then') return;
      context.reportError(new GraphQLError('"then" cannot be an alias: take another name', { nodes: node }));
    },
  };
}
