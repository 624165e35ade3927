import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { z } from 'zod';
import type { Rig } from './rig.ts';

const change = z.object({ cursor: z.string(), type: z.string(), nodeId: z.string().nullable() });
const payload = z.object({ data: z.object({ registrationChanges: change }) });
const failure = z.array(z.looseObject({ extensions: z.looseObject({ code: z.string() }).optional() }));

export interface Delivered {
  readonly cursor: number;
  readonly type: string;
  readonly nodeId: string;
}

/** Refusals after which the same cursor may be tried again, on the same gateway or on another. */
const PASSING = new Set(['BACKEND_UNAVAILABLE', 'SUBSCRIBER_TOO_SLOW']);

/**
 * A subscriber with the resume recipe of docs/PROTOCOL.md and the stock client: it advances `after` in its own variables, and goes to
 * some other gateway whenever its connection ends.
 */
export class Follower {
  readonly delivered: Delivered[] = [];
  /** What ended the subscription for good, which nothing should. */
  readonly failures: unknown[] = [];
  /** Where it began. */
  readonly start: number;
  readonly #variables: { after: string };
  readonly #client: Client;
  readonly #rig: Rig;
  #next: number;
  #socket: WebSocket | null = null;
  #isStopped = false;

  constructor(rig: Rig, start: number, first: number) {
    this.#rig = rig;
    this.start = start;
    this.#next = first;
    this.#variables = { after: String(start).padStart(16, '0') };
    this.#client = createClient({
      url: () => this.#url(),
      webSocketImpl: WebSocket,
      shouldRetry: () => true,
      retryAttempts: Number.POSITIVE_INFINITY,
      retryWait: () => sleep(100),
      // A gateway that stands still says nothing, and a connection that is dead neither.
      keepAlive: 2000,
      on: {
        opened: (socket) => {
          if (socket instanceof WebSocket) this.#socket = socket;
        },
        ping: (isReceived) => {
          if (!isReceived) this.#patience = setTimeout(() => this.#socket?.terminate(), 3000).unref();
        },
        pong: (isReceived) => {
          if (isReceived) clearTimeout(this.#patience);
        },
      },
    });
    this.#subscribe();
  }

  #patience: NodeJS.Timeout | undefined;

  /** The cursor of the last thing delivered, bookmarks included. */
  position(): number {
    return Number(this.#variables.after);
  }

  /** The connection breaks on the subscriber's side. */
  drop(): void {
    this.#socket?.terminate();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#client.dispose();
  }

  #subscribe(): void {
    this.#client.subscribe(
      {
        query: 'subscription ($after: Cursor) { registrationChanges(after: $after) { cursor type nodeId } }',
        variables: this.#variables,
      },
      {
        next: (message) => {
          const { cursor, type, nodeId } = payload.parse(message).data.registrationChanges;
          this.#variables.after = cursor;
          if (type !== 'BOOKMARK') this.delivered.push({ cursor: Number(cursor), type, nodeId: nodeId ?? '' });
        },
        error: (error) => this.#again(error),
        complete: () => this.#again(null),
      },
    );
  }

  #again(error: unknown): void {
    if (this.#isStopped) return;
    const codes = failure.safeParse(error).data?.map(({ extensions }) => extensions?.code ?? '');
    if (error !== null && !codes?.every((code) => PASSING.has(code))) this.failures.push(error);
    else setTimeout(() => this.#subscribe(), 200);
  }

  #url(): string {
    const running = this.#rig.running();
    this.#next += 1;
    const { gateway } = running[this.#next % running.length] ?? this.#rig.members[0] ?? { gateway: { url: 'http://127.0.0.1:9' } };
    return `${gateway.url.replace('http', 'ws')}/graphql`;
  }
}
