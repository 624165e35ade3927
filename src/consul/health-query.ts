import { EventEmitter } from 'node:events';
import { z } from 'zod';
import { type AgentAddress, AgentClient } from './agent-client.ts';
import type { CheckRow } from './observed-checks.ts';
import { PLATFORM_TAGS } from './service-definition.ts';

/** The check that every agent has on itself. It is in every whole answer, whatever is registered. */
export const NODE_CHECK = 'serfHealth';

const DEFAULT_WAIT = 30_000;
const DEFAULT_MARGIN = 3000;

export interface HealthQueryPace {
  /** How long Consul may hold a query without news, in milliseconds. Default: 30,000. */
  readonly wait?: number;
  /** Milliseconds beyond Consul's own limit (`wait`, and up to a 16th of it) after which a silent connection is hung. Default: 3,000. */
  readonly margin?: number;
}

export interface HealthAnswer {
  readonly index: bigint;
  readonly rows: readonly CheckRow[];
}

const answerSchema = z.tuple([
  z.object({ headers: z.object({ 'x-consul-index': z.string().regex(/^\d+$/).transform(BigInt) }) }),
  z.array(
    z
      .object({
        Node: z.string(),
        CheckID: z.string(),
        ServiceID: z.string(),
        Status: z.enum(['passing', 'warning', 'critical']),
        Output: z.string(),
        Notes: z.string(),
      })
      .transform(
        (check): CheckRow => ({
          node: check.Node,
          checkId: check.CheckID,
          serviceId: check.ServiceID,
          status: check.Status,
          output: check.Output,
          notes: check.Notes,
        }),
      ),
  ),
]);

/** Makes the npm client return the response with its headers, and cancels the request at its `cancel`. */
class QueryContext extends EventEmitter {
  readonly includeResponse = true;
}

/** Asks for the checks of the platform's services, one query at a time on a connection of its own. */
export class HealthQuery {
  readonly #client: AgentClient;
  readonly #wait: number;
  readonly #deadline: number;
  #current: QueryContext | null = null;

  constructor(address: AgentAddress, { wait = DEFAULT_WAIT, margin = DEFAULT_MARGIN }: HealthQueryPace = {}) {
    this.#wait = wait;
    this.#deadline = wait + wait / 16 + margin;
    // The npm client waits for the end of a body that will never come when the connection breaks inside it: end the query instead.
    this.#client = new AgentClient(address, { maxSockets: 1, onDisconnect: () => this.cancel() });
  }

  /** Answers at once, or with an index above 0 when something has changed since that. Throws what the client threw. */
  async ask(state: 'any' | 'critical' | 'warning', index: bigint): Promise<HealthAnswer> {
    this.#current = new QueryContext();
    const request = {
      state,
      filter: `CheckID == ${JSON.stringify(NODE_CHECK)} or ${JSON.stringify(PLATFORM_TAGS[0])} in ServiceTags`,
      ...(index === 0n ? {} : { index: String(index), wait: `${this.#wait}ms` }),
      timeout: this.#deadline,
      ctx: this.#current,
    };
    const answer: unknown = await this.#client.health.state(request);
    const [response, rows] = answerSchema.parse(answer);
    return { index: response.headers['x-consul-index'], rows };
  }

  /** Ends the query under way, which rejects. */
  cancel(): void {
    this.#current?.emit('cancel');
  }

  close(): void {
    this.#client.destroy();
  }
}
