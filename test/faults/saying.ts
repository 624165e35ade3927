import type { Draw } from './draw.ts';

/** What a node says once: an announcement, or its goodbye. */
export interface Saying {
  readonly nodeId: string;
  /** null: this node counts no epochs. */
  readonly epoch: number | null;
  /** Milliseconds since 1970 on the node's own clock. */
  readonly time: number;
  readonly reason: string;
  /** What it can do: a word that no other content of this node has. null: a goodbye. */
  readonly word: string | null;
  readonly instance: string | null;
  /** Without endpoints, Consul checks nothing. */
  readonly endpoints: Readonly<Record<string, string>> | null;
}

/** Negative when `a` was said before `b`. The rule of docs/lifecycle.md, written down a second time: a goodbye wins a tie. */
export function compareSayings(a: Saying, b: Saying): number {
  return (a.epoch ?? 0) - (b.epoch ?? 0) || a.time - b.time || Number(a.word === null) - Number(b.word === null);
}

/** The value of a Kafka message that says it, in one of the shapes that occur. */
export function messageOf(saying: Saying, draw: Draw): object {
  const { nodeId, epoch, time, reason, word, instance, endpoints } = saying;
  const timestamp = new Date(time).toISOString();
  const payload = {
    node_id: nodeId,
    node_type: 'effect',
    node_version: '1.0.0',
    ...(epoch === null ? {} : { epoch }),
    ...(word === null ? {} : { capabilities: [word, 'any'] }),
    ...(endpoints === null ? {} : { endpoints }),
    ...(instance === null ? {} : { instance_id: instance }),
    reason,
    timestamp,
  };
  return draw.pick([
    payload,
    { envelope_version: '1.0', event_type: 'NODE_INTROSPECTION', timestamp, source_service: 'fleet', payload },
    { envelope_id: `${nodeId}-${time}`, envelope_timestamp: timestamp, correlation_id: null, tenant_id: null, payload },
  ]);
}
