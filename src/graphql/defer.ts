import {
  type ASTVisitor,
  DirectiveLocation,
  type DirectiveNode,
  type DocumentNode,
  GraphQLBoolean,
  GraphQLDirective,
  GraphQLError,
  GraphQLNonNull,
  GraphQLString,
  Kind,
  OperationTypeNode,
  type ValidationContext,
  type ValidationRule,
  visit,
} from 'graphql';

const NAME = 'defer';

/** In the schema, so that documents may use it; the executor looks for its name and arguments. */
export function createDefer(): GraphQLDirective {
  return new GraphQLDirective({
    name: NAME,
    description:
      'Answers at once without this fragment, and sends it later, when what it needs has been read. For what comes from Postgres (`Node.changes`, `changes`, `rejectedEvents`) beside what comes from memory. Over HTTP for clients that accept `multipart/mixed` or `text/event-stream`, and over WebSocket; all others get one whole answer. Not in subscriptions. Example: `{ nodes { edges { node { nodeId ... @defer { changes(first: 3) { type } } } } } }`.',
    locations: [DirectiveLocation.FRAGMENT_SPREAD, DirectiveLocation.INLINE_FRAGMENT],
    args: {
      if: { type: new GraphQLNonNull(GraphQLBoolean), defaultValue: true, description: 'Whether to defer. Example: `false`.' },
      label: { type: GraphQLString, description: 'Comes with the part; unique in the document, and no variable. Example: `"history"`.' },
    },
  });
}

/** What a document with `@defer` has to keep to beyond GraphQL's own rules. */
export const DEFER_RULES: readonly ValidationRule[] = [LabelsAreUnique, MutationsAreWhole, SubscriptionsAreWhole];

function LabelsAreUnique(context: ValidationContext): ASTVisitor {
  const known = new Map<string, DirectiveNode>();
  return {
    Directive(node) {
      if (!isDefer(node)) return;
      const value = argumentOf(node, 'label');
      if (value === undefined || value.kind === Kind.NULL) return;
      if (value.kind !== Kind.STRING) {
        context.reportError(new GraphQLError('The label of @defer must be a text in the document.', { nodes: node }));
        return;
      }
      const other = known.get(value.value);
      if (other === undefined) known.set(value.value, node);
      else context.reportError(new GraphQLError(`Two @defer have the label "${value.value}".`, { nodes: [other, node] }));
    },
  };
}

/** Mutations of one document happen one after the other; deferred, they would happen side by side. What they return may be deferred. */
function MutationsAreWhole(context: ValidationContext): ASTVisitor {
  return {
    Directive(node) {
      if (isDefer(node) && context.getParentType() === context.getSchema().getMutationType()) {
        context.reportError(
          new GraphQLError('A mutation itself cannot be deferred: put @defer on a fragment of what it returns.', { nodes: node }),
        );
      }
    },
  };
}

/** Parts of several events would arrive mixed, and a client could not tell which event a part belongs to. */
function SubscriptionsAreWhole(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== OperationTypeNode.SUBSCRIPTION) return false;
      for (const part of [operation, ...context.getRecursivelyReferencedFragments(operation)]) {
        visit(part, {
          Directive(node) {
            if (!isDefer(node) || isSwitchedOff(node)) return;
            context.reportError(
              new GraphQLError('A subscription cannot defer: leave @defer away, or say @defer(if: false).', { nodes: node }),
            );
          },
        });
      }
      return false;
    },
  };
}

/** Whether a part of the answer may come later. */
export function hasDefer(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive(node) {
      found ||= isDefer(node);
    },
  });
  return found;
}

/** The same document, for an answer in one piece. */
export function withoutDefer(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: (node) => (isDefer(node) ? null : undefined) });
}

function isDefer(node: DirectiveNode): boolean {
  return node.name.value === NAME;
}

function isSwitchedOff(node: DirectiveNode): boolean {
  const value = argumentOf(node, 'if');
  return value?.kind === Kind.BOOLEAN && !value.value;
}

function argumentOf(node: DirectiveNode, name: string) {
  return node.arguments?.find((argument) => argument.name.value === name)?.value;
}
