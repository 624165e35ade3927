import { BackendError } from '../../../../src/errors.ts';
import type { Change } from '../../../../src/registry/change.ts';
import type { Accepted, DeadLetter, IntrospectionRequest, Messenger } from '../../../../src/registry/ports.ts';
import { Faults } from './faults.ts';

export type MessengerCall = 'requestIntrospection' | 'accept' | 'publishChanges' | 'deadLetter';

/** Keeps what was said. Faults: `fail` (not said, BackendError), `sent` (said, but unanswered, BackendError). */
export class FakeMessenger implements Messenger {
  readonly faults = new Faults<MessengerCall, 'fail' | 'sent'>();
  readonly requests: IntrospectionRequest[] = [];
  readonly accepted: Accepted[] = [];
  readonly published: Change[] = [];
  readonly letters: DeadLetter[] = [];
  /** Every call that was not refused by a fault before it was said, in order. */
  readonly said: MessengerCall[] = [];

  requestIntrospection(requests: readonly IntrospectionRequest[]): Promise<void> {
    return this.#say('requestIntrospection', () => this.requests.push(...requests));
  }

  accept(accepted: readonly Accepted[]): Promise<void> {
    return this.#say('accept', () => this.accepted.push(...accepted));
  }

  publishChanges(changes: readonly Change[]): Promise<void> {
    return this.#say('publishChanges', () => this.published.push(...changes));
  }

  deadLetter(letters: readonly DeadLetter[]): Promise<void> {
    return this.#say('deadLetter', () => this.letters.push(...letters));
  }

  async #say(call: MessengerCall, keep: () => void): Promise<void> {
    const fault = this.faults.take(call);
    await Promise.resolve();
    if (fault === 'fail') throw new BackendError('kafka', `injected: ${call} failed`);
    this.said.push(call);
    keep();
    if (fault === 'sent') throw new BackendError('kafka', `injected: the answer to ${call} was lost`);
  }
}
