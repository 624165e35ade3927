import type { Kafka } from 'kafkajs';
import type { Config } from './config.ts';
import { type HealthReport, type HealthStatus, statusOf } from './http/health.ts';
import type { Log } from './log.ts';
import { NodeIntrospection } from './node/index.ts';
import { gatewayVersion } from './version.ts';

const HEARTBEAT = 30_000;

/** The gateway is a node too: it announces itself like any other, so clients find it by the capability `service_discovery`. */
export function createSelfNode(config: Config, kafka: Kafka, port: number, report: () => HealthReport, log: Log): NodeIntrospection {
  const { advertisedHost } = config.http;
  const base = `http://${advertisedHost.includes(':') ? `[${advertisedHost}]` : advertisedHost}:${port}`;
  const { topics } = config.kafka;
  const [introspection, heartbeat] = [topics.introspection[0], topics.heartbeat[0]];
  return new NodeIntrospection({
    kafka,
    nodeId: config.gatewayId,
    nodeType: 'registry',
    nodeName: 'discovery-gateway',
    nodeVersion: gatewayVersion(),
    serviceName: 'discovery-gateway',
    capabilities: ['service_discovery', 'node_registration', 'change_feed'],
    operations: [],
    endpoints: { health: `${base}/health`, api: `${base}/graphql`, metrics: `${base}/metrics` },
    environment: config.environment,
    heartbeatInterval: HEARTBEAT,
    health: (): HealthStatus => statusOf(report()),
    topics: {
      ...(introspection === undefined ? {} : { introspection }),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      requests: topics.request,
      accepted: topics.accepted,
    },
    logger: log,
  });
}
