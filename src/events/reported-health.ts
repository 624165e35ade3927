import type { ReportedHealth } from './announcement.ts';
import { fieldName, read } from './field.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

const HEALTH_STATUS = fieldName('health_status');
const CURRENT_STATE = fieldName('current_state');

/** What the node says of its health: `current_state.health_status`, else `health_status`, in any case; null for other words. */
export function readReportedHealth(payload: JsonObject): ReportedHealth | null {
  const state = read(payload, CURRENT_STATE);
  return (isJsonObject(state) ? toHealth(read(state, HEALTH_STATUS)) : null) ?? toHealth(read(payload, HEALTH_STATUS));
}

function toHealth(value: Json): ReportedHealth | null {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  switch (word) {
    case 'healthy':
    case 'degraded':
    case 'unhealthy':
    case 'critical':
    case 'recovering':
      return word;
    default:
      return null;
  }
}
