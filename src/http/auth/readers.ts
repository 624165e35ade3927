import type { IncomingMessage } from 'node:http';
import { accessProblem } from '../../graphql/access.ts';
import type { Askers } from '../askers.ts';
import { AccessRefusal } from './refusal.ts';

export interface ReadersOptions {
  readonly askers: Pick<Askers, 'ofRequest'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Who may read, beside GraphQL. */
export class Readers {
  readonly #options: ReadersOptions;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** Throws AccessRefusal for who may not. */
  async check(request: IncomingMessage): Promise<void> {
    const { askers, now } = this.#options;
    const problem = accessProblem(await askers.ofRequest(request), 'query', now());
    if (problem !== null) throw AccessRefusal.of(problem);
  }

  async has(request: IncomingMessage): Promise<boolean> {
    try {
      await this.check(request);
      return true;
    } catch (error) {
      if (error instanceof AccessRefusal) return false;
      throw error;
    }
  }
}
