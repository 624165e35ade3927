import type { BackEnds } from './back-ends.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { Alignment } from './registry/alignment.ts';
import type { ChangeFeed } from './registry/change-feed.ts';
import { CheckObserver } from './registry/check-observer.ts';
import { cleanUp } from './registry/clean-up.ts';
import type { Ears } from './registry/ears.ts';
import { ExpiryGuard } from './registry/expiry-guard.ts';
import { HealthKeeper } from './registry/health-keeper.ts';
import type { RegistryObserver } from './registry/observer.ts';
import { Publisher } from './registry/publisher.ts';
import { Reconciler } from './registry/reconciler.ts';
import { SecondLook } from './registry/second-look.ts';
import type { RegistryView } from './registry/view.ts';

export interface UpkeepOptions {
  readonly config: Config;
  readonly backEnds: BackEnds;
  readonly view: RegistryView;
  readonly feed: ChangeFeed;
  readonly alignment: Alignment;
  readonly ears: Ears;
  readonly observer: RegistryObserver;
  readonly log: Log;
  readonly onCommitted: () => void;
}

export type Upkeep = ReturnType<typeof createUpkeep>;

/** What keeps the registry true after a node was registered, and tells the nodes and Kafka of it. */
export function createUpkeep({ config, backEnds, view, feed, alignment, ears, observer, log, onCommitted }: UpkeepOptions) {
  const { clock, store, catalog, probe, leadership, messenger, changeLog, position } = backEnds;
  const { now } = clock;
  const { hearing } = ears;
  const { reconcileInterval: interval, leaseSeconds } = config.registry;
  const { removedRetention } = config.postgres;
  const guard = new ExpiryGuard();
  const healthKeeper = new HealthKeeper({ view, store, leadership, hearing, log, onCommitted });
  const secondLook = new SecondLook({ store, catalog, probe, hearing, log, onCommitted });
  const reconciler = new Reconciler({
    view,
    store,
    catalog,
    probe,
    alignment,
    guard,
    leadership,
    hearing,
    random: Math.random,
    interval,
    leaseSeconds,
    log,
    onCommitted,
  });
  const checks = new CheckObserver({
    catalog,
    view,
    now,
    log,
    onChecks: () => healthKeeper.kick(),
    onReturn: () => reconciler.kick(),
    onVanished: (nodeIds) => reconciler.vanished(nodeIds),
    onMisplaced: (nodeIds) => reconciler.misplaced(nodeIds),
    onUnrun: (nodeIds) => reconciler.unrun(nodeIds),
  });
  const publisher = new Publisher({ feed, log: changeLog, position, messenger, now, observer, logger: log });
  return {
    guard,
    healthKeeper,
    secondLook,
    reconciler,
    checks,
    publisher,
    cleanUp: () => cleanUp({ view, store, leadership, removedRetention, now, log }),
  };
}
