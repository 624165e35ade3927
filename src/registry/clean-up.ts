import { BackendError, DeposedError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Leadership } from './leadership.ts';
import type { Clock, RegistrationStore } from './ports.ts';
import type { RegistryView } from './view.ts';

export interface CleanUpParts {
  readonly view: RegistryView;
  readonly store: Pick<RegistrationStore, 'cleanUp'>;
  readonly leadership: Leadership;
  /** How long a node that left is remembered, milliseconds. */
  readonly removedRetention: number;
  readonly now: Clock;
  readonly log: Log;
}

/** Forgets what is past its retention: every gateway in memory, the leader in Postgres. What fails is tried again at the next interval. */
export async function cleanUp({ view, store, leadership, removedRetention, now, log }: CleanUpParts): Promise<void> {
  view.forget(now() - removedRetention);
  const term = leadership.term();
  if (term === null) return;
  try {
    log.info(await store.cleanUp(now(), term), 'cleaned up');
  } catch (error) {
    if (!(error instanceof BackendError || error instanceof DeposedError)) throw error;
    log.warn({ error: messageOf(error) }, 'could not clean up, will try again at the next interval');
  }
}
