import { GATEWAY_TYPE } from './config/claims.ts';
import type { Config } from './config.ts';
import { delay } from './delay.ts';
import { type HealthReport, type HealthStatus, statusOf } from './http/health.ts';
import { security } from './kafka/client.ts';
import type { Log } from './log.ts';
import { NodeIntrospection } from './node/index.ts';
import { gatewayVersion } from './version.ts';

const HEARTBEAT = 30_000;
/** Sending to a topic that does not exist yet would block for long. Milliseconds. */
const TOPICS_LOOK = 100;
const HEALTH_LOOK = 1000;

/** The gateway is a node too: it announces itself like any other, so clients find it by the capability `service_discovery`. */
export function createSelfNode(config: Config, port: number, report: () => HealthReport, log: Log): NodeIntrospection {
  const { advertisedHost } = config.http;
  const base = `http://${advertisedHost.includes(':') ? `[${advertisedHost}]` : advertisedHost}:${port}`;
  const { topics } = config.kafka;
  const [introspection] = topics.introspection;
  const [heartbeat] = topics.heartbeat;
  const [acknowledgement] = topics.acknowledgement;
  return new NodeIntrospection({
    // A connection of its own: the gateway's client would go on trying long after this node stopped.
    kafka: { brokers: config.kafka.brokers, clientId: `${config.gatewayId}-node`, ...security(config.kafka) },
    nodeId: config.gatewayId,
    nodeType: GATEWAY_TYPE,
    nodeName: 'discovery-gateway',
    nodeVersion: gatewayVersion(),
    serviceName: 'discovery-gateway',
    capabilities: ['service_discovery', 'node_registration', 'change_feed'],
    operations: [],
    endpoints: { health: `${base}/health/ready`, api: `${base}/graphql`, metrics: `${base}/metrics` },
    environment: config.environment,
    heartbeatInterval: HEARTBEAT,
    health: (): HealthStatus => statusOf(report()),
    topics: {
      ...(introspection === undefined ? {} : { introspection }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      ...(acknowledgement === undefined ? {} : { acknowledgement }),
      requests: topics.request,
      accepted: topics.accepted,
    },
    ...(config.claims.selfSecret === null ? {} : { signing: config.claims.selfSecret }),
    logger: log,
  });
}

/** Announces the gateway, and again whenever its own health changes: clients need not wait for the next heartbeat. Until the signal aborts. */
export async function runSelfNode(
  self: NodeIntrospection,
  parts: { readonly canSend: () => boolean; readonly report: () => HealthReport },
  signal: AbortSignal,
): Promise<void> {
  const { canSend, report } = parts;
  while (!canSend() && !signal.aborted) await delay(TOPICS_LOOK, signal);
  if (!signal.aborted) await self.start();
  let said = statusOf(report());
  while (!signal.aborted) {
    await delay(HEALTH_LOOK, signal);
    const status = statusOf(report());
    if (status !== said && !signal.aborted && (await self.publishIntrospection('health_change'))) said = status;
  }
}
