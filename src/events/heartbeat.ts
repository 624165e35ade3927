import type { Heartbeat } from './announcement.ts';
import type { OpenedEnvelope } from './envelope.ts';
import { type FieldName, fieldName, read } from './field.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { readType } from './node-type.ts';
import type { Origin } from './origin.ts';
import { readReportedHealth } from './reported-health.ts';

const UPTIME_SECONDS = fieldName('uptime_seconds');
const ACTIVE_OPERATIONS = fieldName('active_operations');
const ACTIVE_OPERATIONS_COUNT = fieldName('active_operations_count');
const RESOURCE_USAGE = fieldName('resource_usage');
const CPU_PERCENT = fieldName('cpu_percent');
const CPU_USAGE_PERCENT = fieldName('cpu_usage_percent');
const MEMORY_MB = fieldName('memory_mb');
const MEMORY_USAGE_MB = fieldName('memory_usage_mb');
const MEMORY_PERCENT = fieldName('memory_percent');
const MEMORY_USAGE_PERCENT = fieldName('memory_usage_percent');

/** Above every real measurement; anything larger is a broken one, and would not fit an integer column. */
export const LARGEST_MEASUREMENT = 1e15;

/** A sign of life. Measurements that are none (texts, negative numbers) are left out: the node lives all the same. Throws Unacceptable. */
export function readHeartbeat({ payload, envelope, path }: OpenedEnvelope, origin: Origin): Heartbeat {
  const operations = measured(payload, ACTIVE_OPERATIONS) ?? measured(payload, ACTIVE_OPERATIONS_COUNT);
  return {
    kind: 'heartbeat',
    ...origin,
    type: readType(payload, envelope, path),
    reportedHealth: readReportedHealth(payload),
    uptimeSeconds: measured(payload, UPTIME_SECONDS),
    activeOperations: operations === null ? null : Math.trunc(operations),
    cpuPercent: used(payload, CPU_PERCENT, CPU_USAGE_PERCENT),
    memoryMb: used(payload, MEMORY_MB, MEMORY_USAGE_MB),
    memoryPercent: used(payload, MEMORY_PERCENT, MEMORY_USAGE_PERCENT),
  };
}

/** From `resource_usage`, else from the payload itself, where the field has another name. */
function used(payload: JsonObject, inUsage: FieldName, inPayload: FieldName): number | null {
  const usage = read(payload, RESOURCE_USAGE);
  return (isJsonObject(usage) ? measured(usage, inUsage) : null) ?? measured(payload, inPayload);
}

function measured(object: JsonObject, name: FieldName): number | null {
  const value = read(object, name);
  return typeof value === 'number' && value >= 0 && value <= LARGEST_MEASUREMENT ? value : null;
}
