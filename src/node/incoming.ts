import { z } from 'zod';
import { hasControlCharacter } from '../events/node-id.ts';
import type { TraceContext } from './trace-context.ts';

/** The gateway (or somebody else) asks nodes to announce themselves. */
export interface IntrospectionRequest {
  /** null: every node is meant, or every node of the types. */
  readonly targetNodeId: string | null;
  /** null: of any type. */
  readonly targetNodeTypes: readonly string[] | null;
  readonly correlationId: string | null;
  /** The trace of whoever asks. Default: none. */
  readonly trace?: TraceContext;
}

/** The gateway registered a node. */
export interface Accepted {
  readonly nodeId: string;
  readonly correlationId: string | null;
  readonly consulServiceId: string | null;
  /** Where the registration stands in the gateway's change log. */
  readonly cursor: string | null;
}

const CORRELATION_ID_MAX_LENGTH = 255;

const text = z.string().nullish();
const fields = z.object({
  target_node_id: text,
  target_node_types: z.array(z.string()).nullish(),
  node_id: text,
  entity_id: text,
  correlation_id: text,
  consul_service_id: text,
  cursor: text,
});
/** Values are flat; a payload inside an envelope is understood as well, as older registries send their requests in one. */
const message = fields.extend({ payload: fields.nullish().catch(null) });

type Fields = z.infer<typeof fields>;

/** The request in a Kafka value, or null when it is none. */
export function readRequest(value: Uint8Array | null): IntrospectionRequest | null {
  const read = readFields(value);
  if (read === null) return null;
  const types = read.target_node_types ?? [];
  return {
    targetNodeId: read.target_node_id || null,
    targetNodeTypes: types.length === 0 ? null : types,
    correlationId: usable(read.correlation_id),
  };
}

/** The accepted event in a Kafka value, or null when it is none. */
export function readAccepted(value: Uint8Array | null): Accepted | null {
  const read = readFields(value);
  const nodeId = read?.node_id || read?.entity_id;
  if (!read || !nodeId) return null;
  return {
    nodeId,
    correlationId: usable(read.correlation_id),
    consulServiceId: read.consul_service_id || null,
    cursor: read.cursor || null,
  };
}

function readFields(value: Uint8Array | null): Fields | null {
  if (value === null) return null;
  const parsed = message.safeParse(parseJson(value));
  if (!parsed.success) return null;
  const { payload, ...top } = parsed.data;
  return {
    target_node_id: top.target_node_id ?? payload?.target_node_id,
    target_node_types: top.target_node_types ?? payload?.target_node_types,
    node_id: top.node_id ?? payload?.node_id,
    entity_id: top.entity_id ?? payload?.entity_id,
    correlation_id: top.correlation_id ?? payload?.correlation_id,
    consul_service_id: top.consul_service_id ?? payload?.consul_service_id,
    cursor: top.cursor ?? payload?.cursor,
  };
}

/** An answer that carried a longer id, or one with control characters, would be rejected. */
function usable(correlationId: string | null | undefined): string | null {
  if (!correlationId || correlationId.length > CORRELATION_ID_MAX_LENGTH || hasControlCharacter(correlationId)) return null;
  return correlationId;
}

function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    // Not JSON, and so not for this node: the schema refuses undefined.
    return undefined;
  }
}
