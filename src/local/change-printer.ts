import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { z } from 'zod';
import { delay } from '../delay.ts';
import { messageOf } from '../errors.ts';
import type { Progress } from './progress.ts';

const QUERY = `subscription {
  registrationChanges(filter: { changeTypes: [ADDED, MODIFIED, HEALTH_CHANGED, REMOVED] }) {
    type nodeId reason changedFields node { type serviceName health }
  }
}`;

const change = z.object({
  type: z.string(),
  nodeId: z.string(),
  reason: z.string().nullable(),
  changedFields: z.array(z.string()),
  node: z.object({ type: z.string(), serviceName: z.string(), health: z.string() }),
});

export type PrintedChange = z.infer<typeof change>;

const bookmark = z.object({ type: z.literal('BOOKMARK') });
const answer = z.object({ data: z.object({ registrationChanges: z.union([bookmark, change]) }) });

export type ChangePrinterOptions = {
  readonly graphqlUrl: string;
  /** Shown to the gateway; null where it asks for none. */
  readonly token: string | null;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** One line per change of a node, from now until the signal. Follows like any client would: GraphQL over WebSocket. */
export async function printChanges({ graphqlUrl, token, progress, signal }: ChangePrinterOptions): Promise<void> {
  const client = createClient({
    url: graphqlUrl.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: token === null ? {} : { token },
    shouldRetry: () => true,
    retryAttempts: Number.POSITIVE_INFINITY,
    // The default doubles each time, without an end.
    retryWait: () => delay(500, signal),
  });
  const end = () => {
    // It also reports a connection attempt that fails meanwhile, which is of no interest any more.
    Promise.resolve(client.dispose()).catch(() => undefined);
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const result of client.iterate({ query: QUERY })) {
      const parsed = answer.safeParse(result);
      if (!parsed.success) {
        progress('change', `not understood: ${JSON.stringify(result)}`);
        continue;
      }
      const { registrationChanges: seen } = parsed.data.data;
      if ('nodeId' in seen) progress('change', changeLine(seen));
    }
  } catch (error) {
    if (!signal.aborted) progress('change', `the changes are no longer shown here: ${messageOf(error)}`);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** Such as `+ database-adapter-001 (effect, database-adapter) registered: startup`. */
export function changeLine({ type, nodeId, reason, changedFields, node }: PrintedChange): string {
  const who = `${nodeId} (${node.type}, ${node.serviceName})`;
  const why = reason === null ? '' : `: ${reason}`;
  switch (type) {
    case 'ADDED':
      return `+ ${who} registered${why}`;
    case 'REMOVED':
      return `- ${who} removed${why}`;
    case 'HEALTH_CHANGED':
      return `~ ${who} is ${node.health.toLowerCase()}${why}`;
    default:
      return `~ ${who} changed ${changedFields.join(', ')}${why}`;
  }
}
