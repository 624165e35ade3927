import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Limits } from '../config/limits.ts';
import { delay } from '../delay.ts';
import type { GraphqlContext } from '../graphql/context.ts';
import type { ReadDocument } from '../graphql/documents.ts';
import { refusedWith } from '../graphql/refusal.ts';
import { endingWith, within } from './bounded-answer.ts';
import { bytesOf, type Clients } from './clients.ts';
import type { ServerContext } from './graphql-endpoint.ts';
import type { OperationGate } from './operation-gate.ts';
import type { OperationWatch } from './operation-watch.ts';

export interface OperationLimitsOptions {
  readonly gate: OperationGate;
  readonly clients: Clients;
  readonly limits: Limits;
  /** Told what is refused before it is executed. */
  readonly watch: Pick<OperationWatch, 'refused'>;
}

/**
 * The limits as a plugin of Yoga: each operation of a request passes the gate, takes its document from there, and is executed under its
 * limits of time and of subscriptions. Execution is the same for WebSockets, which pass the gate by themselves.
 */
export function operationLimits({ gate, clients, limits, watch }: OperationLimitsOptions): Plugin<object, ServerContext> {
  const { LIMIT_BATCH, LIMIT_QUERY_TIME } = limits;
  const reads = new WeakMap<object, ReadDocument>();
  const bytesRead = ({ headers }: Request) => bytesOf(headers.get('content-length'), headers.has('transfer-encoding'), limits);

  return {
    onRequestParse: ({ request, serverContext }) => ({
      onRequestParseDone({ requestParserResult }) {
        if (!Array.isArray(requestParserResult)) return undefined;
        if (LIMIT_BATCH > 0 && requestParserResult.length <= LIMIT_BATCH) return undefined;
        const message =
          LIMIT_BATCH === 0
            ? 'Batches are switched off: send one operation per request, or all of them over one WebSocket'
            : `The batch has ${requestParserResult.length} operations: send several requests`;
        const refusal = refusedWith(400, { limit: 'LIMIT_BATCH', max: LIMIT_BATCH, message });
        return rejectAfter(clients.waitAfterRefusal(serverContext.asker.key, bytesRead(request)), refusal);
      },
    }),
    onParams({ params, request, context, setParams }) {
      const { asker, admission } = context;
      let read: ReadDocument | undefined;
      try {
        read = admission === undefined ? gate.admit({ documentId: documentIdOf(request), ...params }, asker.key) : admission();
      } catch (error) {
        watch.refused(context, error);
        return rejectAfter(clients.waitAfterRefusal(asker.key, bytesRead(request)), error);
      }
      if (read === undefined) {
        if (params.query === undefined || params.query === null) throw missingQuery();
        return undefined;
      }
      reads.set(context, read);
      if (params.query !== read.text) setParams({ ...params, query: read.text });
      return undefined;
    },
    onParse({ context, setParsedDocument }) {
      const read = reads.get(context);
      if (read !== undefined) setParsedDocument(read.document);
    },
    onValidate({ context, setResult }) {
      const read = reads.get(context);
      if (read !== undefined) setResult([...read.errors]);
    },
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const { abandon }: GraphqlContext = args.contextValue;
        return within(LIMIT_QUERY_TIME, executeFn(args), () => {
          abandon();
          return { errors: [tooLong(LIMIT_QUERY_TIME)] };
        });
      });
    },
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn(async (args) => {
        const { asker }: GraphqlContext = args.contextValue;
        let end: () => void;
        try {
          end = clients.openSubscription(asker.key);
        } catch (error) {
          return { errors: [error] };
        }
        return endingWith(end, () => subscribeFn(args));
      });
    },
  };
}

function tooLong(max: number): GraphQLError {
  const message = 'The operation was not answered in time (milliseconds): ask for less at once, or again when the back ends answer';
  return refusedWith(503, { limit: 'LIMIT_QUERY_TIME', max, message });
}

/** In any form of answer a mistake of the client: Yoga would have 200 for clients that take nothing but application/json. */
function missingQuery(): GraphQLError {
  return new GraphQLError('The request has no query: send the text of the operation as "query", or the documentId of a registered one', {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}

async function rejectAfter(milliseconds: number, error: unknown): Promise<never> {
  if (milliseconds > 0) await delay(milliseconds);
  throw error;
}

/** Yoga reads the parameters of a GET that it knows, and this is none of them. */
function documentIdOf({ method, url }: Request): string | null {
  return method === 'GET' && url.includes('documentId=') ? new URL(url).searchParams.get('documentId') : null;
}
