import { type DocumentNode, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { accessProblem } from '../../graphql/access.ts';
import type { GraphqlContext } from '../../graphql/context.ts';
import { AccessRefusal, type RefusalReason } from './refusal.ts';

export interface OperationAccessOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onTurnedAway: (reason: RefusalReason) => void;
}

interface Operation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly contextValue: GraphqlContext;
}

/** Stands before every execution, over whatever transport: an operation that its asker may not run does not begin. */
export function operationAccess({ now, onTurnedAway }: OperationAccessOptions): Plugin<GraphqlContext> {
  function refusalOf({ document, operationName, contextValue }: Operation): GraphQLError | null {
    const operation = getOperationAST(document, operationName);
    // The executor says that the document has no such operation.
    const problem = operation ? accessProblem(contextValue.asker, operation.operation, now()) : null;
    if (problem === null) return null;
    const { code, message, reason, status, headers } = AccessRefusal.of(problem);
    onTurnedAway(reason);
    // `http` is for Yoga, which takes it off before sending.
    return new GraphQLError(message, { extensions: { code, scope: problem.scope, http: { status, headers } } });
  }

  return {
    onExecute: ({ args, setResultAndStopExecution }) => {
      const refusal = refusalOf(args);
      if (refusal !== null) setResultAndStopExecution({ errors: [refusal] });
    },
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      const refusal = refusalOf(args);
      if (refusal !== null) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}
