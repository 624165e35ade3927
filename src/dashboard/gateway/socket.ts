import type { SubscriptionForwarder } from '@urql/core';
import { type Client, createClient } from 'graphql-ws';
import * as z from 'zod/mini';
import type { Cell } from './cell.ts';
import { type Link, lost, patience, waiting } from './link.ts';
import type { Pause } from './pause.ts';

export interface ChangeSocketParts {
  /** Such as `wss://gateway.example/graphql`. */
  readonly url: string;
  readonly token: () => string | null;
  readonly link: Cell<Link>;
  readonly pause: Pause;
  readonly now: () => number;
  readonly random: () => number;
}

/** A peer that is gone without a word is noticed after both together. Milliseconds. */
const PING_EVERY = 8000;
const PONG_WITHIN = 4000;

const closed = z.object({ code: z.number() });
const delivered = z.object({ registrationChanges: z.object({ cursor: z.string() }) });

/**
 * The one WebSocket of the page. It connects again by itself, and takes each subscription up behind the last cursor that arrived: the
 * recipe of docs/PROTOCOL.md.
 */
export class ChangeSocket {
  readonly #parts: ChangeSocketParts;
  readonly #client: Client;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ChangeSocketParts) {
    this.#parts = parts;
    const { url, token, link, pause, now, random } = parts;
    this.#client = createClient({
      url,
      connectionParams: () => {
        const value = token();
        return value === null ? {} : { authorization: `Bearer ${value}` };
      },
      keepAlive: PING_EVERY,
      retryAttempts: Number.POSITIVE_INFINITY,
      // After 4403 the same token would be refused again.
      shouldRetry: (event) => closeCode(event) !== 4403,
      retryWait: async (tries) => {
        const duration = patience(tries, random);
        link.set(waiting(link.get(), now(), duration));
        await pause.wait(duration);
      },
      on: {
        connected: () => link.set({ state: 'live', since: now() }),
        ping: (isReceived) => {
          if (!isReceived) this.#awaitPong();
        },
        pong: (isReceived) => {
          if (isReceived) clearTimeout(this.#deadline);
        },
        closed: (event) => this.#closed(closeCode(event)),
        // A close follows for whoever was connected; this is for the others.
        error: () => link.set(lost(link.get(), now())),
      },
    });
  }

  readonly forward: SubscriptionForwarder = (request) => {
    // Each connection begins behind what the one before delivered.
    const variables: Record<string, unknown> = { ...request.variables };
    return {
      subscribe: (sink) => {
        let isWanted = true;
        const unsubscribe = this.#client.subscribe(
          { query: request.query ?? '', variables },
          {
            next: (result) => {
              const change = delivered.safeParse(result.data);
              if (change.success) variables['after'] = change.data.registrationChanges.cursor;
              sink.next({ data: result.data, errors: result.errors === undefined ? undefined : [...result.errors] });
            },
            error: (error) => sink.error(error),
            complete: () => {
              // Nothing ends a feed but an error: so that nobody waits for ever, this is one.
              if (isWanted) sink.error(new Error('The gateway ended the subscription.'));
            },
          },
        );
        return {
          unsubscribe: () => {
            isWanted = false;
            unsubscribe();
          },
        };
      },
    };
  };

  #awaitPong(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#client.terminate(), PONG_WITHIN);
  }

  #closed(code: number | null): void {
    clearTimeout(this.#deadline);
    const { link, now } = this.#parts;
    if (code === 4401 || code === 4403) link.set({ state: 'refused', since: now() });
    // 1000: nobody was subscribed any more.
    else if (code !== 1000) link.set(lost(link.get(), now()));
  }
}

function closeCode(event: unknown): number | null {
  const parsed = closed.safeParse(event);
  return parsed.success ? parsed.data.code : null;
}
