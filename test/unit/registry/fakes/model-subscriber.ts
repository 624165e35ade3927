import { GatewayError } from '../../../../src/errors.ts';
import { toCursor } from '../../../../src/registry/cursor.ts';
import type { GroupMember } from './group-member.ts';
import { turn } from './settle.ts';

/** A client that follows every change from the beginning, and resumes from its last cursor wherever it is sent to. */
export class ModelSubscriber {
  readonly cursors: number[] = [];
  #stop: () => Promise<unknown> = () => Promise.resolve();
  #following: Promise<void> = Promise.resolve();

  /** Follows this gateway from here on, until `leave`. */
  follow(gateway: GroupMember): void {
    let isLeaving = false;
    let leave = () => Promise.resolve();
    this.#stop = () => {
      isLeaving = true;
      return leave();
    };
    const follow = async () => {
      while (!isLeaving && !gateway.isDead()) {
        const events = gateway.subscriptions.changes({ after: toCursor(this.cursors.at(-1) ?? 0) });
        leave = async () => void (await events.return());
        try {
          for await (const { type, cursor } of events) if (type !== 'BOOKMARK') this.cursors.push(cursor);
        } catch (error) {
          if (!(error instanceof GatewayError && error.code === 'BACKEND_UNAVAILABLE')) throw error;
          await turn();
        }
      }
    };
    this.#following = follow();
    this.#following.catch(() => undefined);
  }

  /** Throws what broke the subscription, if anything did that is not a back end's outage. */
  async leave(): Promise<void> {
    await this.#stop();
    await this.#following;
  }
}
