import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NodeRecord } from './node-record.ts';
import type { Clock, Messenger } from './ports.ts';

export interface RenewalsParts {
  readonly messenger: Messenger;
  readonly now: Clock;
  readonly log: Log;
}

/**
 * Answers `accepted` to startups that changed nothing: no entry of the change log stands for them, from which the publisher would. One
 * that is lost costs a node nothing, since it is registered.
 */
export class Renewals {
  readonly #parts: RenewalsParts;

  constructor(parts: RenewalsParts) {
    this.#parts = parts;
  }

  answer(renewed: readonly { readonly node: NodeRecord; readonly correlationId: string | null }[]): void {
    const { messenger, now, log } = this.#parts;
    const accepted = renewed.map(({ node: { nodeId, consulServiceId, cursor }, correlationId }) => ({
      nodeId,
      consulServiceId,
      cursor,
      correlationId,
      acceptedAt: now(),
    }));
    messenger
      .accept(accepted)
      .catch((error: unknown) => log.warn({ error: messageOf(error), nodes: accepted.length }, 'could not answer startups'));
  }
}
