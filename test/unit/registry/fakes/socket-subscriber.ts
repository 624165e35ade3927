import type { EventTaker } from '../../../../src/registry/audience.ts';
import type { ChangeEvent } from '../../../../src/registry/change.ts';
import type { SubscribeOptions } from '../../../../src/registry/registry.ts';
import type { Subscriptions } from '../../../../src/registry/subscriptions.ts';

/** Events that a socket holds before it takes no more. */
const MAX_UNSENT = 2;

/** A subscriber as a WebSocket is one: takes events while its buffer has room, and pulls the next one when what it pulled has left. */
export class SocketSubscriber implements EventTaker {
  readonly received: ChangeEvent[] = [];
  /** Of `received`, how many it took. */
  taken = 0;
  isJoined = false;
  error: unknown = null;
  isOver = false;
  /** Called when it takes an event. */
  onTake: () => void = () => undefined;
  #unsent = 0;
  #isStuck = false;
  #onSent: () => void = () => undefined;
  readonly #events: AsyncGenerator<ChangeEvent, void, undefined>;

  constructor(subscriptions: Subscriptions, options: SubscribeOptions = {}) {
    this.#events = subscriptions.changes({ ...options, taker: this });
    this.#pull().catch((error: unknown) => {
      this.error = error;
    });
  }

  join(): boolean {
    if (this.isJoined) throw new Error('it joins twice');
    this.isJoined = this.#unsent <= MAX_UNSENT;
    return this.isJoined;
  }

  take(event: ChangeEvent): boolean {
    if (!this.isJoined) throw new Error('it gets an event after it left');
    if (this.#unsent > MAX_UNSENT) return false;
    this.taken += 1;
    this.#send(event);
    this.onTake();
    return true;
  }

  leave(): void {
    if (!this.isJoined) throw new Error('it leaves twice');
    this.isJoined = false;
  }

  /** From now on nothing leaves the socket. */
  stick(): void {
    this.#isStuck = true;
  }

  drain(): void {
    this.#isStuck = false;
    this.#unsent = 0;
    this.#onSent();
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.drain();
    await this.#events.return();
  }

  async #pull(): Promise<void> {
    for await (const event of this.#events) {
      this.#send(event);
      if (this.#isStuck) {
        await new Promise<void>((resolve) => {
          this.#onSent = resolve;
        });
      }
    }
    this.isOver = true;
  }

  #send(event: ChangeEvent): void {
    this.received.push(event);
    if (this.#isStuck) this.#unsent += 1;
  }
}
