import { randomUUID } from 'node:crypto';
import { Background } from './background.ts';
import { Circuit, guarded } from './circuit.ts';
import type { Config } from './config.ts';
import { AgentCatalog } from './consul/agent-catalog.ts';
import { EndpointProbe } from './consul/probe.ts';
import { delay } from './delay.ts';
import { type Backend, messageOf } from './errors.ts';
import { firstLoad } from './first-load.ts';
import { GatewayHealth } from './gateway-health.ts';
import { statusOf } from './http/health.ts';
import { createHttpServer } from './http/server.ts';
import { createKafka } from './kafka/client.ts';
import { NodeConsumer } from './kafka/consumer.ts';
import { pingKafka } from './kafka/ping.ts';
import { KafkaMessenger } from './kafka/producer.ts';
import { KnownTopics } from './kafka/topics.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics.ts';
import { PostgresChangeLog } from './postgres/change-log.ts';
import { Database } from './postgres/database.ts';
import { PostgresLeadership } from './postgres/leadership.ts';
import { migrate } from './postgres/migrate.ts';
import { PostgresPublishedPosition } from './postgres/published-position.ts';
import { PostgresRegistrationStore } from './postgres/registration-store.ts';
import { readClock } from './postgres/sql/read-clock.ts';
import { recover } from './recovery.ts';
import { Alignment } from './registry/alignment.ts';
import { ChangeFeed } from './registry/change-feed.ts';
import { CheckObserver } from './registry/check-observer.ts';
import { Deregistration } from './registry/deregistration.ts';
import { Discovery } from './registry/discovery.ts';
import { ExpiryGuard } from './registry/expiry-guard.ts';
import type { Hearing } from './registry/health.ts';
import { HealthKeeper } from './registry/health-keeper.ts';
import { Ingest } from './registry/ingest.ts';
import { Introspection } from './registry/introspection.ts';
import { LiveRegistry } from './registry/live-registry.ts';
import { Publisher } from './registry/publisher.ts';
import { Reconciler } from './registry/reconciler.ts';
import { Renewals } from './registry/renewals.ts';
import { RegistrationSaga } from './registry/saga.ts';
import { SecondLook } from './registry/second-look.ts';
import { SnapshotKeeper } from './registry/snapshot-keeper.ts';
import { Subscriptions } from './registry/subscriptions.ts';
import { RegistryView } from './registry/view.ts';
import { createSelfNode } from './self-node.ts';
import { SharedClock } from './shared-clock.ts';
import { SnapshotFile } from './snapshot/snapshot-file.ts';
import { unlessAborted } from './unless-aborted.ts';

const MEMORY_WATCH = 5 * 60_000;
/** The former registry's own limit for normal load. Bytes. */
const MEMORY_LIMIT = 512 * 1024 * 1024;
const RETRY = 2000;
/** Consul's own minimum, which it applies silently. Milliseconds. */
const CONSUL_MINIMUM_DEREGISTER = 60_000;
const CONSUL_PING = 5000;
const SELF_HEALTH_LOOK = 1000;
const CHECKS_LOOK = 500;
/** Of the 10 s from SIGTERM to the end, what a stage may take. Milliseconds. */
const GOODBYE = 2500;
const HTTP_CLOSE = 2000;
const DISCONNECT = 1000;

/** Waits for the work, but no longer than this: what hangs then must not hold up the end. Failures are the caller's. */
async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([work.finally(() => waiting.abort()), delay(milliseconds, waiting.signal)]);
}

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
  const newId = randomUUID;
  const background = new Background(log);
  const circuit = (backend: Backend) =>
    new Circuit(backend, Date.now, (position) => log.warn({ backend, circuit: position }, 'a circuit changed'));
  const circuits = { kafka: circuit('kafka'), consul: circuit('consul'), postgres: circuit('postgres') };
  const database = new Database(config.postgres, (error) => log.warn({ error: error.message }, 'a Postgres connection broke'));
  const clock = new SharedClock({
    ask: () => circuits.postgres.run(() => database.run(readClock)),
    monotonic: () => performance.now(),
    wall: Date.now,
    onStep: (milliseconds) => {
      log.warn({ milliseconds }, "this gateway's time was set to that of Postgres");
      hears();
    },
  });
  const { now } = clock;
  const away = (backends: readonly Backend[]) => backends.find((backend) => circuits[backend].position() !== 'closed') ?? null;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  let registryId = '';
  let hearingSince = now();
  const hears = () => {
    hearingSince = now();
  };
  const hearing = (): Hearing => {
    // Silence that the gateway could not have heard does not count: while it is deaf, hearing begins anew at every moment.
    if (!consumer.isHearing() || !circuits.kafka.isAvailable()) hears();
    return { now: now(), since: hearingSince, timeout: config.registry.heartbeatTimeout };
  };

  // Postgres, and the registry in memory that follows it.
  const store = guarded(new PostgresRegistrationStore(database, config.postgres), circuits.postgres, STORE_CALLS);
  const postgresLog = new PostgresChangeLog(database, config.postgres);
  const changeLog = guarded(postgresLog, circuits.postgres, ['readAfter', 'latestOf', 'bounds']);
  const leadership = new PostgresLeadership(config.postgres, () => performance.now(), log);
  const view = new RegistryView();
  const feed = new ChangeFeed({ log: changeLog, store, view, now }, (error) =>
    log.warn({ error: messageOf(error) }, 'could not read the change log, will retry'),
  );
  const onCommitted = () => feed.wake();
  const { file: snapshotFile, interval: snapshotInterval } = config.snapshot;
  const snapshots =
    snapshotFile === null
      ? null
      : new SnapshotFile({ path: snapshotFile, gatewayId: config.gatewayId, environment: config.environment, now });
  const keeper =
    snapshots === null
      ? null
      : new SnapshotKeeper({ store: snapshots, feed, view, registryId: () => registryId, interval: snapshotInterval, now, log });

  // Consul and Kafka.
  const agent = new AgentCatalog({ config: config.consul, registryId: () => registryId });
  const catalog = guarded(agent, circuits.consul, ['register', 'deregister', 'exists', 'owned']);
  const endpointAllow = config.registry.endpointAllow;
  const probe = new EndpointProbe({ timeout: config.registry.probeTimeout, allowed: (url) => endpointAllow.allows(new URL(url)) });
  const kafka = createKafka(config.kafka, log);
  const topics = new KnownTopics();
  const producer = new KafkaMessenger(kafka, config.kafka, () => registryId, topics);
  const messenger = guarded(producer, circuits.kafka, ['requestIntrospection', 'accept', 'publishChanges', 'deadLetter']);

  // The life of an announcement.
  const alignment = new Alignment({ store, catalog, log });
  const saga = new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log });
  const introspection = new Introspection({ view, store, messenger, now, newId, log });
  const renewals = new Renewals({ messenger, now, log });
  const healthKeeper = new HealthKeeper({ view, store, leadership, hearing, log, onCommitted });
  const secondLook = new SecondLook({ store, catalog, probe, hearing, log, onCommitted });
  const ingest = new Ingest({
    saga,
    store,
    messenger,
    now,
    log,
    onCommitted: (changes) => {
      onCommitted();
      secondLook.consider(changes);
    },
    onRenewed: (renewed) => renewals.answer(renewed),
    onHeartbeats: (nodeIds) => {
      feed.wakeForHeartbeats();
      void introspection
        .heard(nodeIds)
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'could not ask unknown nodes to introspect'));
    },
  });
  const consumer = new NodeConsumer(
    kafka,
    config.kafka,
    topics,
    {
      process: (batch, stop, hold) => ingest.process(batch, stop, hold),
      onHearing: hears,
      onHopeless: (error) => fail(error),
      ask: (call) => circuits.kafka.run(call),
      blocker: (meaning) => (meaning === 'introspection' ? away(['postgres', 'consul']) : away(['postgres'])),
      now,
      rules: { endpointAllowed: (url) => endpointAllow.allows(url) },
    },
    log,
  );

  // What keeps the registry true.
  const guard = new ExpiryGuard();
  const { reconcileInterval: interval, leaseSeconds, cleanUpInterval, bookmarkInterval } = config.registry;
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
    onUnrun: (nodeIds) => reconciler.unrun(nodeIds),
  });
  const publisher = new Publisher({
    feed,
    log: changeLog,
    position: new PostgresPublishedPosition(database),
    messenger,
    now,
    logger: log,
  });

  // What clients see.
  const discovery = new Discovery(view, Math.random);
  const subscriptions = new Subscriptions({ feed, log: changeLog, view, discovery, now, bookmarkInterval });
  const deregistration = new Deregistration({ view, store, catalog, alignment, now, newId, log, onCommitted });
  const registry = new LiveRegistry({
    view,
    feed,
    discovery,
    subscriptions,
    introspection,
    deregistration,
    store,
    log: changeLog,
    now,
    leaseSeconds,
    backends: () =>
      Object.values(circuits).map((one) => ({
        name: one.backend,
        available: one.isAvailable(),
        circuit: one.position(),
        since: one.since(),
      })),
  });
  const health = new GatewayHealth({
    environment: config.environment,
    registryId: () => registryId,
    startedAt: now(),
    now,
    circuits,
    background,
    view,
    counts: ingest.counts,
    freshness: () => feed.freshness(),
    isConsuming: () => consumer.isRunning(),
    consumerLag: () => consumer.lag(),
    consumerWaitsFor: () => consumer.waitsFor(),
    consumerRestarts: () => consumer.restarts(),
    subscribers: () => subscriptions.open(),
    leadership,
    reconciler,
    heldBack: () => guard.heldBack(),
  });
  const http = createHttpServer({
    registry,
    health,
    metrics: createMetrics({ health, counts: ingest.counts, view, snapshots: keeper, now }),
    log,
    config: config.http,
    allowedOrigins: config.http.allowedOrigins,
  });

  if (config.consul.deregisterCriticalAfter < CONSUL_MINIMUM_DEREGISTER) {
    log.warn({ configured: config.consul.deregisterCriticalAfter }, 'Consul raises CONSUL_DEREGISTER_CRITICAL_AFTER to one minute');
  }
  const { host, port } = await http.listen();
  log.info({ host, port, environment: config.environment }, 'listening');
  const self = createSelfNode(config, port, () => health.report(), log);

  const stop = async () => {
    log.info('stopping');
    // Its own goodbye first, while somebody still consumes it; then no more messages, what is in flight ends, and offsets are committed.
    await atMost(GOODBYE, self.stop());
    await Promise.all([background.stop(), http.close(HTTP_CLOSE)]);
    await atMost(DISCONNECT, Promise.all([producer.disconnect(), probe.close(), database.close(), keeper?.finish()]));
    agent.close();
    log.info('stopped');
  };

  const serve = (id: string) => {
    registryId = id;
    if (background.isRunning('checks')) return;
    // These need no Postgres: over a snapshot, too, Consul has the last word on who answers.
    background.start('checks', (stopped) => checks.run(stopped));
    background.start('kafka', (stopped) => pingKafka(kafka, (call) => circuits.kafka.run(call), hears, stopped));
    background.every('consul', CONSUL_PING, async () => {
      await catalog.exists(config.gatewayId).catch((error: unknown) => log.debug({ error: messageOf(error) }, 'Consul does not answer'));
    });
  };
  const migrated = async () => {
    const id = await migrate(config.postgres);
    await clock.measure();
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
      () => feed.wake(),
      (error) => log.warn({ error: error.message }, 'lost the notifications of Postgres, polling meanwhile'),
      stopped,
    ),
  );
  background.start('leadership', (stopped) => leadership.run(stopped));
  background.start('health', (stopped) => healthKeeper.run(stopped));
  background.start('second look', (stopped) => secondLook.run(stopped));
  background.start('reconciler', (stopped) => reconciler.run(stopped));
  background.start('compensation', (stopped) => alignment.run(stopped));
  const { consul, postgres } = circuits;
  background.start('recovery of Consul', (stopped) =>
    recover({ circuit: consul, ask: () => agent.exists(config.gatewayId), now }, stopped),
  );
  background.start('recovery of Postgres', (stopped) => recover({ circuit: postgres, ask: () => postgresLog.bounds(), now }, stopped));
  background.start('producer', async (stopped) => void (await unlessAborted(producer.connect(), stopped)));
  background.start('consumer', (stopped) => consumer.run(stopped));
  background.start('publisher', (stopped) => publisher.run(stopped));
  background.start('first request', (stopped) => askEverybody(stopped));
  background.every('checks that are missing', CHECKS_LOOK, async () => checks.look());
  if (keeper !== null) background.every('snapshot', snapshotInterval, () => keeper.keep());
  background.every('clean-up', cleanUpInterval, async () => {
    view.forget(now() - config.postgres.removedRetention);
    const term = leadership.term();
    if (term === null) return;
    try {
      log.info(await store.cleanUp(now(), term), 'cleaned up');
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'could not clean up, will try again at the next interval');
    }
  });
  background.every('memory', MEMORY_WATCH, async () => {
    const { rss, heapUsed } = process.memoryUsage();
    log[rss > MEMORY_LIMIT ? 'warn' : 'info']({ rss, heapUsed, nodes: view.size(), subscribers: subscriptions.open() }, 'memory');
  });
  background.start('self-registration', async (stopped) => {
    // Sending to a topic that does not exist yet would block for long.
    while (!topics.isKnown() && !stopped.aborted) await delay(100, stopped);
    if (!stopped.aborted) await self.start();
    // Its own health is known to it at once: clients need not wait for the next heartbeat.
    let said = statusOf(health.report());
    while (!stopped.aborted) {
      await delay(SELF_HEALTH_LOOK, stopped);
      const status = statusOf(health.report());
      if (status !== said && !stopped.aborted && (await self.publishIntrospection('health_change'))) said = status;
    }
  });
  log.info({ registryId, nodes: view.size(), cursor: view.head() }, 'serving');
  return { host, port, failed, stop };

  /** Once, when the gateway can hear the answers. */
  async function askEverybody(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      if (consumer.isRunning()) {
        try {
          await introspection.broadcast('registry_startup');
          return;
        } catch (error) {
          log.warn({ error: messageOf(error) }, 'could not ask the nodes to introspect, will retry');
        }
      }
      await delay(consumer.isRunning() ? RETRY : 200, stopped);
    }
  }
}

const STORE_CALLS = [
  'transact',
  'recordLiveness',
  'recordAcknowledgements',
  'recordRejections',
  'recordRequest',
  'loadAll',
  'livenessSince',
  'rejectedEvents',
  'cleanUp',
] as const;
