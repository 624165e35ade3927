/**
 * Keys of momentary values inside capabilities and metadata. Nodes announce themselves every 30 s with these changed, which is no change
 * of the node: performance, usage, uptime, counts of work, the time and the ids of the message.
 */
const KEYS: ReadonlySet<string> = new Set(
  [
    'performance',
    'performance_metrics',
    'metrics',
    'resource_usage',
    'current_state',
    'health_status',
    'cpu_percent',
    'memory_percent',
    'reason',
    'broadcast_reason',
    'correlation_id',
    'causation_id',
    'trace_id',
    'span_id',
    'parent_span_id',
    'request_id',
    'message_id',
    'event_id',
    'envelope_id',
    'last_activity',
    'last_seen',
    'last_heartbeat',
  ].flatMap((key) => [key, key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase())]),
);

/** `active_*`, `uptime*`, `*_count(s)`, `*usage*`, `*_timestamp`, `*_at`, in both spellings. */
const PATTERN =
  /^active(?:_|[A-Z])|^uptime|(?:^|_)(?:counts?|timestamps?)$|[a-z](?:Counts?|Timestamps?|At)$|_at$|(?:^|_)usages?(?:_|$)|[a-z]Usages?(?:[A-Z]|$)/;
/** Beside fixed limits (`cpu_cores_available`), resource limits carry what is used of them now. */
const LIMITS = /^resource_?limits$/i;
const CURRENT = /^current(?:_|[A-Z])/;

/** Whether the value under this key says something of the moment, not of the node. `parent` is the key of the object around it. */
export function isVolatile(key: string, parent: string): boolean {
  return KEYS.has(key) || PATTERN.test(key) || (CURRENT.test(key) && LIMITS.test(parent));
}
