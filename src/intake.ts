import type { BackEnds } from './back-ends.ts';
import type { Config } from './config.ts';
import { messageOf } from './errors.ts';
import type { NodeId } from './events/node-id.ts';
import { NodeConsumer } from './kafka/consumer.ts';
import type { Log } from './log.ts';
import type { Alignment } from './registry/alignment.ts';
import type { Ears } from './registry/ears.ts';
import { Ingest, type IngestParts } from './registry/ingest.ts';
import { Introspection } from './registry/introspection.ts';
import type { RegistryObserver } from './registry/observer.ts';
import { Renewals } from './registry/renewals.ts';
import { RegistrationSaga } from './registry/saga.ts';
import type { RegistryView } from './registry/view.ts';
import { SignatureGuard } from './signature-guard.ts';

export interface IntakeOptions {
  readonly config: Config;
  readonly backEnds: BackEnds;
  readonly view: RegistryView;
  readonly alignment: Alignment;
  readonly ears: Ears;
  readonly newId: () => string;
  readonly observer: RegistryObserver;
  readonly log: Log;
  readonly onCommitted: IngestParts['onCommitted'];
  /** Signs of life were written. */
  readonly onHeartbeats: () => void;
  /** Nodes announced themselves as startups, with the content that they had before. */
  readonly onStartedAgain: (nodeIds: readonly NodeId[]) => void;
  /** The consumer cannot do its work any more, and only a new process can help. */
  readonly onHopeless: (error: Error) => void;
}

export type Intake = ReturnType<typeof createIntake>;

/** The life of an announcement, from Kafka to both stores. */
export function createIntake({
  config,
  backEnds,
  view,
  alignment,
  ears,
  newId,
  observer,
  log,
  onCommitted,
  onHeartbeats,
  onStartedAgain,
  onHopeless,
}: IntakeOptions) {
  const { circuits, clock, store, catalog, probe, kafka, topics, messenger } = backEnds;
  const { now } = clock;
  const saga = new RegistrationSaga({
    store,
    catalog,
    probe,
    view,
    alignment,
    hearing: ears.hearing,
    observer,
    log,
    sideBySide: Math.max(1, Math.floor(config.postgres.poolSize / 2)),
  });
  const introspection = new Introspection({ view, store, messenger, now, newId, log, observer });
  const renewals = new Renewals({ messenger, now, log });
  const ingest = new Ingest({
    saga,
    store,
    messenger,
    now,
    log,
    observer,
    onCommitted,
    onRenewed: (renewed) => {
      renewals.answer(renewed);
      onStartedAgain(renewed.map(({ node }) => node.nodeId));
    },
    onHeartbeats: (nodeIds) => {
      onHeartbeats();
      void introspection
        .heard(nodeIds)
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'could not ask unknown nodes to introspect'));
    },
  });
  const signatures = new SignatureGuard({
    config: config.claims,
    typeOf: (nodeId) => view.get(nodeId)?.type,
    memory: config.postgres.removedRetention,
    now,
    log,
  });
  const consumer = new NodeConsumer(
    kafka,
    config.kafka,
    topics,
    {
      process: (batch, stop, hold) => ingest.process(batch, stop, hold),
      onHearing: ears.open,
      onHopeless,
      ask: (call) => circuits.kafka.run(call),
      blocker: (meaning) => backEnds.away(meaning === 'introspection' ? ['postgres', 'consul'] : ['postgres']),
      now,
      observer,
      rules: {
        endpointRefusal: (url) => config.claims.endpoints.refusal(url),
        judge: signatures.isNeeded() ? (message, claim) => signatures.judge(message, claim) : undefined,
      },
    },
    log,
  );
  return { consumer, introspection, signatures, counts: ingest.counts };
}
