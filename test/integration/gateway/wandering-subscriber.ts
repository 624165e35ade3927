import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { z } from 'zod';

const event = z.object({
  registrationChanges: z.object({ cursor: z.string(), type: z.string(), nodeId: z.string().nullable() }),
});
export type SeenEvent = z.infer<typeof event>['registrationChanges'];

const closing = z.object({ code: z.number() });
const refusals = z.array(z.object({ extensions: z.object({ code: z.string() }) }));

const QUERY = `subscription ($after: Cursor, $snapshot: Boolean) {
  registrationChanges(after: $after, snapshot: $snapshot) { cursor type nodeId }
}`;

/** Milliseconds; in the recipe it is longer, for the gateway's sake. */
const PAUSE = 50;

/** The stock client with the recipe of docs/PROTOCOL.md, at whatever gateway it is given for each connection. */
export class WanderingSubscriber {
  readonly seen: SeenEvent[] = [];
  /** How each of its connections that were made ended. */
  readonly closed: { readonly url: string; readonly code: number }[] = [];
  readonly #client: ReturnType<typeof createClient>;
  readonly #ended: Promise<unknown>;
  #url: string | null = null;
  #isStopped = false;

  /** @param choose the gateway for the next connection, such as `http://127.0.0.1:8080`. */
  constructor(choose: () => string) {
    let next = '';
    this.#client = createClient({
      url: () => {
        next = choose();
        this.#url = next;
        return `${next.replace('http', 'ws')}/graphql`;
      },
      webSocketImpl: WebSocket,
      shouldRetry: () => true,
      retryAttempts: Number.POSITIVE_INFINITY,
      retryWait: () => sleep(PAUSE),
    });
    this.#client.on('closed', (closed) => {
      this.closed.push({ url: next, code: closing.parse(closed).code });
      this.#url = null;
    });
    // Kept until `stop`, which tells it.
    this.#ended = this.#follow().then(
      () => null,
      (error: unknown) => error,
    );
  }

  /** The gateway that it is connected or connecting to. */
  url(): string | null {
    return this.#url;
  }

  /** Ends the subscription; throws what ended it before. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#client.dispose();
    const error = await this.#ended;
    if (error !== null) throw new Error(`a subscription ended: ${JSON.stringify(error)}`, { cause: error });
  }

  async #follow(): Promise<void> {
    const variables: { after: string | null; snapshot: boolean } = { after: null, snapshot: true };
    while (!this.#isStopped) {
      try {
        for await (const { data, errors } of this.#client.iterate({ query: QUERY, variables })) {
          if (errors !== undefined) throw errors;
          const { registrationChanges } = event.parse(data);
          this.seen.push(registrationChanges);
          variables.after = registrationChanges.cursor;
        }
      } catch (error) {
        const code = refusals.safeParse(error).data?.[0]?.extensions.code;
        if (code !== 'SUBSCRIBER_TOO_SLOW' && code !== 'BACKEND_UNAVAILABLE') throw error;
      }
      await sleep(PAUSE);
    }
  }
}
