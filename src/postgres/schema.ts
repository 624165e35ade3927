import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';

/** Counts, offsets and cursors: all stay far below 2^53. */
const count = (name: string) => bigint(name, { mode: 'number' });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
/** A transaction id that never wraps around: rows touched by transactions that a snapshot could not see yet are found by it. */
const transactionId = customType<{ data: string }>({ dataType: () => 'xid8' });

/** One row: who this registry is, and how far its change log reaches. */
export const registry = pgTable(
  'registry',
  {
    singleton: boolean('singleton').primaryKey().default(true),
    /** The owner mark of this registry's services in Consul, made by the first migration. */
    registryId: uuid('registry_id').notNull().defaultRandom(),
    /** Number of the newest change. Its row lock serialises the numbering, which makes number order commit order. */
    head: count('head').notNull().default(0),
    /** Changes up to this number were trimmed. */
    floor: count('floor').notNull().default(0),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [check('registry_singleton', sql`${table.singleton}`)],
);

export const nodeRegistrations = pgTable(
  'node_registrations',
  {
    nodeId: varchar('node_id', { length: 255 }).primaryKey(),
    nodeType: varchar('node_type', { length: 100 }).notNull(),
    nodeName: varchar('node_name', { length: 255 }),
    nodeVersion: varchar('node_version', { length: 255 }),
    nodeRole: varchar('node_role', { length: 255 }),
    instance: varchar('instance', { length: 255 }),
    announcedServiceName: varchar('announced_service_name', { length: 255 }),
    serviceName: varchar('service_name', { length: 255 }).notNull().default(''),
    /** As announced, whole. */
    capabilities: jsonb('capabilities').notNull().default({}),
    /** Names only, sorted. */
    capabilityNames: text('capability_names').array().notNull().default(sql`'{}'::text[]`),
    /** Name to URL. */
    endpoints: jsonb('endpoints').notNull().default({}),
    address: varchar('address', { length: 255 }),
    port: integer('port'),
    metadata: jsonb('metadata').notNull().default({}),
    environment: varchar('environment', { length: 255 }),
    networkId: varchar('network_id', { length: 255 }),
    deploymentId: varchar('deployment_id', { length: 255 }),
    state: varchar('state', { length: 20 }).notNull().default('REGISTERED'),
    stateReason: text('state_reason').notNull().default('startup'),
    healthStatus: varchar('health_status', { length: 50 }).notNull().default('UNKNOWN'),
    consulServiceId: text('consul_service_id'),
    checkStatus: varchar('check_status', { length: 20 }),
    checkOutput: text('check_output'),
    contentHash: text('content_hash').notNull().default(''),
    epoch: count('epoch'),
    /** Microseconds since 1970 on the node's own clock; see MessageTime. */
    saidTime: count('said_time').notNull().default(0),
    saidPayloadTime: count('said_payload_time').notNull().default(0),
    saidRawTime: count('said_raw_time').notNull().default(0),
    saidAheadTime: count('said_ahead_time').notNull().default(0),
    receivedAt: instant('received_at').notNull().defaultNow(),
    leaseSeconds: doublePrecision('lease_seconds'),
    /** A copy of node_liveness.last_heartbeat_at for whoever reads this table with SQL; may lag by one flush. */
    lastHeartbeat: instant('last_heartbeat'),
    registeredAt: instant('registered_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    /** The node's latest change; 0 for a tombstone of a node that was never registered. */
    cursor: count('cursor').notNull().default(0),
  },
  (table) => [
    index('idx_node_registrations_health').on(table.healthStatus),
    index('idx_node_registrations_type').on(table.nodeType),
    index('idx_node_registrations_capabilities').using('gin', table.capabilityNames),
  ],
);

/** Signs of life, in a table of their own so that heartbeats never wait for a node's lock. */
export const nodeLiveness = pgTable(
  'node_liveness',
  {
    nodeId: varchar('node_id', { length: 255 }).primaryKey(),
    lastSeenAt: instant('last_seen_at').notNull(),
    lastHeartbeatAt: instant('last_heartbeat_at'),
    reportedHealth: varchar('reported_health', { length: 20 }),
    activeOperations: doublePrecision('active_operations'),
    cpuPercent: doublePrecision('cpu_percent'),
    memoryMb: doublePrecision('memory_mb'),
    memoryPercent: doublePrecision('memory_percent'),
    uptimeSeconds: doublePrecision('uptime_seconds'),
    currentState: jsonb('current_state'),
    acknowledgedAt: instant('acknowledged_at'),
    touchedBy: transactionId('touched_by').notNull().default(sql`pg_current_xact_id()`),
  },
  (table) => [index('idx_node_liveness_touched_by').on(table.touchedBy)],
);

export const registrationChanges = pgTable(
  'registration_changes',
  {
    cursor: count('cursor').primaryKey(),
    changeType: varchar('change_type', { length: 20 }).notNull(),
    nodeId: varchar('node_id', { length: 255 }).notNull(),
    /** The node right after this change. */
    node: jsonb('node').notNull(),
    /** Type and capability names before it: by them a filter notices that the node stopped matching. */
    before: jsonb('before'),
    reason: text('reason').notNull(),
    changedFields: text('changed_fields').array().notNull().default(sql`'{}'::text[]`),
    correlationId: text('correlation_id'),
    operator: text('operator'),
    occurredAt: instant('occurred_at').notNull(),
    /** W3C trace context of the saga, for whichever gateway says the change on Kafka; null where it was not traced. */
    traceparent: text('traceparent'),
  },
  (table) => [
    index('idx_registration_changes_node').on(table.nodeId, table.cursor.desc().nullsFirst()),
    index('idx_registration_changes_occurred').on(table.occurredAt),
  ],
);

export const rejectedEvents = pgTable(
  'rejected_events',
  {
    topic: text('topic').notNull(),
    partition: integer('partition').notNull(),
    offset: count('offset').notNull(),
    reason: text('reason').notNull(),
    errorType: varchar('error_type', { length: 50 }).notNull(),
    excerpt: text('excerpt'),
    correlationId: text('correlation_id'),
    rejectedAt: instant('rejected_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.topic, table.partition, table.offset] }),
    index('idx_rejected_events_rejected').on(table.rejectedAt),
  ],
);

/** How far each partition was worked off, and what became of its messages: written in the transaction of the work itself. */
export const consumerPositions = pgTable(
  'consumer_positions',
  {
    topic: text('topic').notNull(),
    partition: integer('partition').notNull(),
    /** Every message below this offset is counted. */
    nextOffset: count('next_offset').notNull().default(0),
    /** Offsets at or above it that are counted already: one failed node does not hold up the others of its batch. */
    ahead: bigint('ahead', { mode: 'number' }).array().notNull().default(sql`'{}'::bigint[]`),
    applied: count('applied').notNull().default(0),
    unchanged: count('unchanged').notNull().default(0),
    superseded: count('superseded').notNull().default(0),
    rejected: count('rejected').notNull().default(0),
    heartbeat: count('heartbeat').notNull().default(0),
    acknowledged: count('acknowledged').notNull().default(0),
    ignored: count('ignored').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.topic, table.partition] })],
);

/** Requests to nodes, so that any gateway recognises their answers. */
export const introspectionRequests = pgTable(
  'introspection_requests',
  {
    correlationId: text('correlation_id').primaryKey(),
    nodeId: varchar('node_id', { length: 255 }),
    byOperator: boolean('by_operator').notNull(),
    operator: text('operator'),
    issuedAt: instant('issued_at').notNull(),
  },
  (table) => [index('idx_introspection_requests_issued').on(table.issuedAt)],
);

/** How far the change log was said on Kafka. Its row lock makes one gateway at a time the publisher. */
export const publishedPositions = pgTable('published_positions', {
  publisher: text('publisher').primaryKey(),
  cursor: count('cursor').notNull().default(0),
});

/** One row: the term of the gateway that leads, or led last. A leader's writes share its lock, an election takes it alone. */
export const leadership = pgTable(
  'leadership',
  {
    singleton: boolean('singleton').primaryKey().default(true),
    term: count('term').notNull().default(0),
  },
  (table) => [check('leadership_singleton', sql`${table.singleton}`)],
);

/** The gateways that run, as far as anybody knows: each says so every second. */
export const gateways = pgTable('gateways', {
  /** Of one process: a gateway that starts again is another. */
  processId: uuid('process_id').primaryKey(),
  gatewayId: text('gateway_id').notNull(),
  seenAt: instant('seen_at').notNull(),
});

/** One row: where the services stand in Consul, as the gateway was configured that leads, or led last. Empty until one has led. */
export const consulPlacement = pgTable(
  'consul_placement',
  {
    singleton: boolean('singleton').primaryKey().default(true),
    mode: varchar('mode', { length: 20 }).notNull(),
    virtualNodes: integer('virtual_nodes').notNull(),
    probes: varchar('probes', { length: 20 }).notNull(),
    /** The term in which it was written. */
    term: count('term').notNull(),
  },
  (table) => [check('consul_placement_singleton', sql`${table.singleton}`)],
);
