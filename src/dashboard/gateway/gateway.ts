import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import * as z from 'zod/mini';
import { Fault, faultOf, faultsByPath } from './fault.ts';
import type { Session } from './session.ts';
import type { ChangeSocket } from './socket.ts';

/** A document, and what its answer must look like. */
export interface Question<T> {
  readonly document: string;
  readonly answer: z.ZodMiniType<T>;
}

/** An answer some of whose fields may be null because they failed. */
export interface PartialAnswer<T> {
  readonly answer: T;
  /** Why a field failed, by its path, such as `nodeById.records.consul`. */
  readonly faults: ReadonlyMap<string, Fault>;
}

export interface GatewayParts {
  /** Where GraphQL answers, such as `https://gateway.example/graphql`. */
  readonly url: string;
  readonly session: Session;
  readonly socket: ChangeSocket;
}

/** The gateway, as the page talks to it: GraphQL over `fetch`, subscriptions over one socket. */
export class Gateway {
  readonly #client: Client;
  readonly #session: Session;

  constructor({ url, session, socket }: GatewayParts) {
    this.#session = session;
    this.#client = new Client({
      url,
      preferGetMethod: false,
      requestPolicy: 'network-only',
      fetchOptions: () => {
        const { token } = session;
        return token === null ? {} : { headers: { authorization: `Bearer ${token}` } };
      },
      exchanges: [fetchExchange, subscriptionExchange({ forwardSubscription: socket.forward })],
    });
  }

  /** Throws Fault: with the gateway's code, `UNREACHABLE` without an answer, `NOT_UNDERSTOOD` for one of another shape. */
  async ask<T>(question: Question<T>, variables: Record<string, unknown> = {}): Promise<T> {
    const { data, error } = await this.#client.query<unknown>(question.document, variables).toPromise();
    return this.#understood(question, data, error);
  }

  /** Like {@link ask}, with what is to be said of fields that failed alone. */
  async askInParts<T>(question: Question<T>, variables: Record<string, unknown>): Promise<PartialAnswer<T>> {
    const { data, error } = await this.#client.query<unknown>(question.document, variables).toPromise();
    return { answer: this.#understood(question, data, error), faults: faultsByPath(error) };
  }

  /** A mutation; throws like {@link ask}. */
  async order<T>(question: Question<T>, variables: Record<string, unknown>): Promise<T> {
    const { data, error } = await this.#client.mutation<unknown>(question.document, variables).toPromise();
    return this.#understood(question, data, error);
  }

  /**
   * One subscription, until it ends with a fault.
   *
   * @returns ends it
   */
  follow<T>(
    question: Question<T>,
    variables: Record<string, unknown>,
    next: (answer: T) => void,
    ended: (fault: Fault) => void,
  ): () => void {
    let isOver = false;
    const finish = (fault: Fault) => {
      if (isOver) return;
      isOver = true;
      ended(fault);
    };
    const { unsubscribe } = this.#client.subscription<unknown>(question.document, variables).subscribe(({ data, error }) => {
      if (isOver) return;
      if (error !== undefined) return finish(faultOf(error));
      const parsed = question.answer.safeParse(data);
      if (parsed.success) next(parsed.data);
      else finish(new Fault('NOT_UNDERSTOOD', z.prettifyError(parsed.error)));
    });
    return () => {
      isOver = true;
      unsubscribe();
    };
  }

  #understood<T>(question: Question<T>, data: unknown, error: Parameters<typeof faultOf>[0] | undefined): T {
    // What a field could not answer is null, and has its error: the question says whether it can live with that.
    const parsed = question.answer.safeParse(data);
    if (parsed.success) return parsed.data;
    const fault = error === undefined ? new Fault('NOT_UNDERSTOOD', z.prettifyError(parsed.error)) : faultOf(error);
    if (fault.code === 'UNAUTHENTICATED') this.#session.refuse(fault.message);
    throw fault;
  }
}
