import { randomUUID } from 'node:crypto';
import { atMost } from './at-most.ts';
import { connectBackEnds } from './back-ends.ts';
import { Background } from './background.ts';
import { CLI_DOCUMENTS } from './cli/documents.ts';
import { DOCUMENTS } from './client/documents.ts';
import type { Config } from './config.ts';
import { DASHBOARD_DOCUMENTS } from './dashboard-documents.ts';
import { messageOf } from './errors.ts';
import { firstLoad } from './first-load.ts';
import { GatewayHealth } from './gateway-health.ts';
import { standingOf } from './gateway-standing.ts';
import { Documents } from './graphql/documents.ts';
import { buildSchema } from './graphql/schema.ts';
import { loadDashboard } from './http/dashboard.ts';
import { createHttpServer } from './http/server.ts';
import { createInstanceProbing } from './instance-probing.ts';
import { createIntake, type Intake } from './intake.ts';
import { pingKafka } from './kafka/ping.ts';
import type { Log } from './log.ts';
import { createObservation } from './observation.ts';
import { migrate } from './postgres/migrate.ts';
import { recover } from './recovery.ts';
import { Alignment } from './registry/alignment.ts';
import type { Change } from './registry/change.ts';
import { ChangeFeed } from './registry/change-feed.ts';
import { Deregistration } from './registry/deregistration.ts';
import { Discovery } from './registry/discovery.ts';
import { Ears } from './registry/ears.ts';
import { LiveRegistry } from './registry/live-registry.ts';
import { SnapshotKeeper } from './registry/snapshot-keeper.ts';
import { Subscriptions } from './registry/subscriptions.ts';
import { RegistryView } from './registry/view.ts';
import { createSelfNode, runSelfNode } from './self-node.ts';
import { createSharedProbing } from './shared-probing.ts';
import { SnapshotFile } from './snapshot/snapshot-file.ts';
import { startTraces } from './traces.ts';
import { loadTrustedDocuments } from './trusted-file.ts';
import { createUpkeep } from './upkeep.ts';
import { gatewayVersion } from './version.ts';

const MEMORY_WATCH = 5 * 60_000;
/** The former registry's own limit for normal load. Bytes. */
const MEMORY_LIMIT = 512 * 1024 * 1024;
const CONSUL_PING = 5000;
/** Between two of a gateway's signs that it runs. Milliseconds. */
const ROSTER_BEAT = 1000;
/** How old the copy of a heartbeat in node_registrations may be: nobody here reads it, so it waits for others. Milliseconds. */
const HEARTBEAT_COPY = 1000;
const CHECKS_LOOK = 500;
/** A change of the signing keys is noticed this often. Milliseconds. */
const KEYS_LOOK = 5000;
/** Of the 10 s from SIGTERM to the end, what a stage may take. Milliseconds. */
const GOODBYE = 2000;
const WORK = 5500;
const HTTP_CLOSE = 2000;
const LEAVE = 500;
const DISCONNECT = 1000;

export interface RunningGateway {
  readonly host: string;
  readonly port: number;
  /** Resolves when the gateway cannot do its work any more and only a new process can help: log it, `stop`, and end. */
  readonly failed: Promise<Error>;
  /** Says goodbye, finishes or undoes what is in flight, commits, closes. */
  stop(): Promise<void>;
}

/**
 * The composition root: what is built from what, started and stopped in which order. Resolves when the registry is loaded from Postgres.
 * While that does not answer it says so, keeps trying, and answers from the snapshot, or where there is none `/health` only. Throws when
 * the port cannot be had.
 */
export async function startGateway(config: Config, log: Log, signal: AbortSignal): Promise<RunningGateway> {
  const schema = buildSchema();
  const trusted = await loadTrustedDocuments(
    config.trustedDocuments,
    [DOCUMENTS, CLI_DOCUMENTS, DASHBOARD_DOCUMENTS].flatMap((documents) => Object.values<string>(documents)),
    new Documents(schema, config.limits),
  );
  const newId = randomUUID;
  const background = new Background(log);
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  let registryId = '';
  const traces = await startTraces(config, log);
  const backEnds = connectBackEnds(
    config,
    () => registryId,
    () => ears.open(),
    log,
    (nodeId) => view.at(nodeId),
    traces?.tracer,
  );
  const { circuits, clock, store, changeLog, leadership, catalog, roster, kafka, topics, producer } = backEnds;
  const { now } = clock;
  const ears: Ears = new Ears({
    canHear: () => intake.consumer.isHearing() && circuits.kafka.isAvailable(),
    now,
    timeout: config.registry.heartbeatTimeout,
  });

  const observation = createObservation(traces);
  const { registry: observer, metrics, operations, statuses, limitRefusals, authRefusals } = observation;

  // The registry in memory, which follows the log in Postgres, and its snapshot on disk.
  const view = new RegistryView();
  const feed = new ChangeFeed({ log: changeLog, store, view, now, observer }, (error) =>
    log.warn({ error: messageOf(error) }, 'could not read the change log, will retry'),
  );
  const onCommitted = (changes: readonly Change[] = []) => feed.committed(changes);
  const { file: snapshotFile, interval: snapshotInterval } = config.snapshot;
  const snapshots =
    snapshotFile === null
      ? null
      : new SnapshotFile({ path: snapshotFile, gatewayId: config.gatewayId, environment: config.environment, now });
  const keeper =
    snapshots === null
      ? null
      : new SnapshotKeeper({ store: snapshots, feed, view, registryId: () => registryId, interval: snapshotInterval, now, log });

  const alignment = new Alignment({ store, catalog, log });
  const upkeep = createUpkeep({ config, backEnds, view, feed, alignment, ears, observer, log, onCommitted });
  const rounds = createSharedProbing(config.consul, { backEnds, view, log });
  const instances = createInstanceProbing(config.probing, { backEnds, view, log });
  const intake: Intake = createIntake({
    config,
    backEnds,
    view,
    alignment,
    ears,
    newId,
    observer,
    log,
    onCommitted: (changes) => {
      onCommitted(changes);
      upkeep.secondLook.consider(changes);
    },
    onHeartbeats: () => feed.wakeForHeartbeats(),
    onStartedAgain: instances.startedAgain,
    onHopeless: fail,
  });
  const { consumer, introspection, signatures, counts } = intake;
  const { guard, healthKeeper, secondLook, reconciler, checks, publisher } = upkeep;

  // What clients see.
  const { leaseSeconds, cleanUpInterval, bookmarkInterval } = config.registry;
  const discovery = new Discovery(view, Math.random, instances.demand);
  const subscriptions = new Subscriptions({ feed, log: changeLog, view, discovery, now, bookmarkInterval, observer });
  const deregistration = new Deregistration({ view, store, catalog, alignment, now, newId, log, observer, onCommitted });
  const health = new GatewayHealth({
    environment: config.environment,
    registryId: () => registryId,
    startedAt: now(),
    now,
    circuits,
    background,
    view,
    counts,
    freshness: () => feed.freshness(),
    isWatchingChecks: () => checks.isWatching(),
    isConsuming: () => consumer.isRunning(),
    consumerLag: () => consumer.lag(),
    consumerWaitsFor: () => consumer.waitsFor(),
    consumerRestarts: () => consumer.restarts(),
    subscribers: () => subscriptions.open(),
    leadership,
    reconciler,
    heldBack: () => guard.heldBack(),
    ejections: instances.ejections,
  });
  const version = gatewayVersion();
  const registry = new LiveRegistry({
    ...instances,
    view,
    feed,
    discovery,
    subscriptions,
    introspection,
    deregistration,
    store,
    catalog,
    log: changeLog,
    now,
    leaseSeconds,
    standing: () => standingOf(health.report(), { gatewayId: config.gatewayId, version }),
  });
  observation.show({ health, counts, signatures: signatures.counts, view, subscriptions, snapshots: keeper, instances, now });
  const http = createHttpServer({
    schema,
    registry,
    health,
    metrics,
    observer: operations,
    statuses,
    log,
    config: config.http,
    allowedOrigins: config.http.allowedOrigins,
    trustedProxies: config.http.trustedProxies,
    access: config.auth,
    onTurnedAway: (reason) => authRefusals.add(reason),
    limits: config.limits,
    trusted,
    dashboard: config.http.dashboard ? await loadDashboard(log) : null,
    onRefusal: (limit) => limitRefusals.add(limit),
  });

  const { host, port } = await http.listen();
  log.info({ host, port, environment: config.environment, anonymous: config.auth.anonymous }, 'listening');
  if (config.auth.anonymous === 'write' && (config.auth.tokens.length > 0 || config.auth.jwt !== null)) {
    log.warn('ALLOW_ANONYMOUS=true: anybody may read and change the registry, though tokens are configured');
  }
  const self = createSelfNode(config, port, () => health.report(), log);

  const unclean = (what: string) => (error: unknown) =>
    log.warn({ error: messageOf(error) }, `could not ${what} cleanly, ending all the same`);
  const stop = async () => {
    log.info('stopping');
    // Its own goodbye first, while somebody still consumes it; then no more messages, what is in flight ends, and offsets are committed.
    await atMost(GOODBYE, self.stop()).catch(unclean('say goodbye'));
    const [unfinished] = await Promise.all([background.stop(WORK), http.close(HTTP_CLOSE)]);
    await atMost(LEAVE, roster.leave()).catch(unclean('leave the roster'));
    if (unfinished.length > 0) log.warn({ unfinished }, 'ending in the middle of work: it comes again, or is repaired');
    await atMost(DISCONNECT, Promise.all([backEnds.disconnect(), keeper?.finish(), traces?.stop()])).catch(unclean('disconnect'));
    backEnds.close();
    log.info('stopped');
  };

  const serve = (id: string) => {
    registryId = id;
    if (background.isRunning('checks')) return;
    // These need no Postgres: over a snapshot, too, Consul has the last word on who answers.
    background.start('checks', (stopped) => checks.run(stopped));
    background.start('rounds', (stopped) => rounds.run(stopped));
    background.start('probing', (stopped) => instances.probing.run(stopped));
    background.start('kafka', (stopped) => pingKafka(kafka, (call) => circuits.kafka.run(call), ears.open, backEnds.complaints, stopped));
    background.every('consul', CONSUL_PING, async () => {
      await catalog.exists(config.gatewayId).catch((error: unknown) => log.debug({ error: messageOf(error) }, 'Consul does not answer'));
    });
  };
  const migrated = async () => {
    const id = await migrate(config.postgres);
    await clock.measure();
    await roster.beat();
    return id;
  };
  // Announcements wait in Kafka until they can be registered: nothing below runs before Postgres has answered.
  if (!(await firstLoad({ migrate: migrated, feed, snapshots, log, onRegistry: serve }, signal))) {
    await stop();
    throw new Error('stopped before Postgres answered');
  }

  background.start('clock', (stopped) => clock.run(stopped));
  background.start('feed', (stopped) => feed.run(stopped));
  background.start('notifications', (stopped) =>
    changeLog.follow(
      (head) => feed.heard(head),
      (error) => log.warn({ error: error.message }, 'lost the notifications of Postgres, polling meanwhile'),
      stopped,
    ),
  );
  background.every('roster', ROSTER_BEAT, async () => {
    await roster.beat().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'could not hear which gateways run'));
  });
  background.every('copies of heartbeats', HEARTBEAT_COPY, async () => {
    await store.copyHeartbeats().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'could not copy heartbeats, will retry'));
  });
  background.start('leadership', (stopped) => leadership.run(stopped));
  background.start('health', (stopped) => healthKeeper.run(stopped));
  background.start('second look', (stopped) => secondLook.run(stopped));
  background.start('reconciler', (stopped) => reconciler.run(stopped));
  background.start('compensation', (stopped) => alignment.run(stopped));
  const { consul, postgres } = circuits;
  background.start('recovery of Consul', (stopped) => recover({ circuit: consul, ask: backEnds.ask.consul, now }, stopped));
  background.start('recovery of Postgres', (stopped) => recover({ circuit: postgres, ask: backEnds.ask.postgres, now }, stopped));
  background.start('producer', (stopped) => producer.run(stopped));
  background.start('consumer', (stopped) => consumer.run(stopped));
  background.start('publisher', (stopped) => publisher.run(stopped));
  background.start('first request', (stopped) => introspection.greet(() => consumer.isRunning(), stopped));
  background.every('checks that are missing', CHECKS_LOOK, async () => checks.look());
  if (keeper !== null) background.every('snapshot', snapshotInterval, () => keeper.keep());
  background.every('clean-up', cleanUpInterval, upkeep.cleanUp);
  background.every('memory', MEMORY_WATCH, async () => {
    const { rss, heapUsed } = process.memoryUsage();
    log[rss > MEMORY_LIMIT ? 'warn' : 'info']({ rss, heapUsed, nodes: view.size(), subscribers: subscriptions.open() }, 'memory');
  });
  if (signatures.isNeeded()) background.every('signing keys', KEYS_LOOK, async () => signatures.reload());
  const demand = signatures.selfDemand(config.gatewayId, config.claims.selfSecret !== null);
  if (demand !== null) log.warn({ demand }, 'this gateway does not announce itself: it would be refused without SELF_SIGNING_KEY');
  else {
    background.start('self-registration', (stopped) =>
      runSelfNode(self, { canSend: () => topics.isKnown(), report: () => health.report() }, stopped),
    );
  }
  log.info({ registryId, nodes: view.size(), cursor: view.head() }, 'serving');
  return { host, port, failed, stop };
}
