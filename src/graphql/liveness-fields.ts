import type { Types } from './types.ts';

/** The fields of Node that say when it was seen, how it fares and how long it may go on. */
export function defineLivenessFields({ builder, node, checkStatus, ejection }: Types): void {
  builder.objectFields(node, (t) => ({
    registeredAt: t.field({
      type: 'DateTime',
      description: 'When it was first registered in this life. Example: `"2026-11-24T13:29:00.000Z"`.',
      resolve: (record) => record.registeredAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When its registration last changed. Example: `"2026-11-24T13:31:12.250Z"`.',
      resolve: (record) => record.updatedAt,
    }),
    acknowledgedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the node acknowledged its registration; null until it did. Example: `"2026-11-24T13:29:00.120Z"`.',
      resolve: (record) => record.acknowledgedAt,
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      description: 'The last sign of life: announcement, heartbeat or passing check. Example: `"2026-11-24T13:31:40.000Z"`.',
      resolve: (record) => record.liveness.lastSeenAt,
    }),
    lastHeartbeatAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last heartbeat arrived; null when it never sent one. Example: `"2026-11-24T13:31:40.000Z"`.',
      resolve: (record) => record.liveness.lastHeartbeatAt,
    }),
    leaseExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it expires unless it shows a sign of life; null unless it is REGISTERED. Example: `"2026-11-25T13:31:40.000Z"`.',
      resolve: (record, _args, { registry }) => registry.leaseExpiresAt(record),
    }),
    checkStatus: t.field({
      type: checkStatus,
      nullable: true,
      description: "The status of Consul's check; null while nothing is known. Example: `PASSING`.",
      resolve: (record) => record.checkStatus,
    }),
    checkOutput: t.exposeString('checkOutput', {
      nullable: true,
      description:
        'What Consul\'s check last said; null while nothing is known. Example: `"HTTP GET http://10.0.3.17:8080/health: 200 OK"`.',
    }),
    ejection: t.field({
      type: ejection,
      nullable: true,
      description:
        "Why this gateway leaves it out of `healthyServices` at this moment, though Consul's check passes: the gateway's own probes fail, which it makes while clients ask for the instance. Null: it does not. Example: `ejection { since error retryAt }`.",
      resolve: (record, _args, { registry }) => registry.ejection(record),
    }),
    reportedHealth: t.string({
      nullable: true,
      description:
        'What the node last said of its own health: healthy, degraded, unhealthy, critical or recovering. Null when it never did. Example: `"healthy"`.',
      resolve: (record) => record.liveness.reportedHealth,
    }),
    activeOperations: t.float({
      nullable: true,
      description: 'Operations under way, as the last heartbeat said; null when none did. LEAST_LOADED goes by it. Example: `3`.',
      resolve: (record) => record.liveness.activeOperations,
    }),
    cpuPercent: t.float({
      nullable: true,
      description: 'Processor time in percent, as the last heartbeat said; null when none did. Example: `12.5`.',
      resolve: (record) => record.liveness.cpuPercent,
    }),
    memoryMb: t.float({
      nullable: true,
      description: 'Memory in MB, as the last heartbeat said; null when none did. Example: `256.4`.',
      resolve: (record) => record.liveness.memoryMb,
    }),
    memoryPercent: t.float({
      nullable: true,
      description: 'Percent of the memory that it may use, as the last heartbeat said; null when it did not say. Example: `62.5`.',
      resolve: (record) => record.liveness.memoryPercent,
    }),
    uptimeSeconds: t.float({
      nullable: true,
      description: 'Seconds since it started, as the last heartbeat said; null when none did. Example: `86400`.',
      resolve: (record) => record.liveness.uptimeSeconds,
    }),
  }));
}
