import type { Config } from './config.ts';
import { type HealthReport, type HealthStatus, statusOf } from './http/health.ts';
import { security } from './kafka/client.ts';
import type { Log } from './log.ts';
import { NodeIntrospection } from './node/index.ts';
import { gatewayVersion } from './version.ts';

const HEARTBEAT = 30_000;

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
    nodeType: 'registry',
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
    logger: log,
  });
}
