import { GatewayError } from '../errors.ts';
import { boundedList, LIMITS, requiredText, storableText } from './limits.ts';
import type { Types } from './types.ts';

export function defineMutation(types: Types): void {
  definePayloads(types);
  types.builder.mutationType({
    description:
      'What a person or program may order; where the gateway asks for tokens, one with the scope `registry:write`. Who it was goes into the change log: the name of the token, or where there is none the `x-operator` header. Example: `mutation { deregister(nodeId: "ghost-1", reason: "host is gone") { cursor } }`.',
    fields: (t) => ({
      requestIntrospection: t.field({
        type: types.requestIntrospectionPayload,
        description:
          'Asks one node, all nodes of some types, or all nodes to announce themselves again. Their answers arrive as changes with the same correlation id. Errors: `BAD_USER_INPUT`, `NODE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `requestIntrospection(nodeId: "orchestrator-001") { correlationId }`.',
        args: {
          nodeId: t.arg.id({ description: 'Only this node; not together with `nodeTypes`. Example: `"orchestrator-001"`.' }),
          nodeTypes: t.arg.stringList({ description: 'Only nodes of these types; not together with `nodeId`. Example: `["effect"]`.' }),
          reason: t.arg.string({
            description: `Why, at most ${LIMITS.reason} characters; the nodes read it. Example: \`"after a deployment"\`.`,
          }),
        },
        resolve: (_root, { nodeId, nodeTypes, reason }, context) => {
          if (nodeId !== null && nodeId !== undefined) {
            if (nodeTypes !== null && nodeTypes !== undefined) {
              throw new GatewayError(
                'BAD_USER_INPUT',
                'nodeId and nodeTypes cannot go together: pass one of them, or neither to ask all nodes',
                {
                  argument: 'nodeTypes',
                },
              );
            }
            requiredText('nodeId', nodeId);
          }
          checkNodeTypes(nodeTypes);
          storableText('reason', reason, LIMITS.reason);
          return context.registry.requestIntrospection({ nodeId, nodeTypes, reason }, context.caller());
        },
      }),
      deregister: t.field({
        type: types.deregisterPayload,
        description:
          'Removes a node from Consul and Postgres at once. It comes back only by a later startup announcement, or by its answer to an operator\'s request. Errors: `BAD_USER_INPUT`, `NODE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `deregister(nodeId: "ghost-1", reason: "host is gone") { node { state } cursor }`.',
        args: {
          nodeId: t.arg.id({ required: true, description: 'The node to remove. Example: `"ghost-1"`.' }),
          reason: t.arg.string({
            description: `Why, at most ${LIMITS.reason} characters; it stands in the change log. Example: \`"host is gone"\`.`,
          }),
        },
        resolve: (_root, { nodeId, reason }, context) => {
          requiredText('nodeId', nodeId);
          storableText('reason', reason, LIMITS.reason);
          return context.registry.deregister({ nodeId, reason }, context.caller());
        },
      }),
      reportFailure: t.field({
        type: types.reportFailurePayload,
        description:
          'Says that a call to this instance failed: the gateway probes it at once, and answers with what it found. A report by itself puts nobody out and leaves no trace in the change log. Reports of one node within a second share a probe; one client may make `LIMIT_FAILURE_REPORTS` of them a minute. Errors: `BAD_USER_INPUT`, `NODE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `reportFailure(nodeId: "orchestrator-001", reason: "connection refused") { probed outcome }`.',
        args: {
          nodeId: t.arg.id({ required: true, description: 'The instance that was called. Example: `"orchestrator-001"`.' }),
          reason: t.arg.string({
            description: `What happened, at most ${LIMITS.reason} characters; it goes into the gateway's log. Example: \`"connection refused"\`.`,
          }),
        },
        resolve: (_root, { nodeId, reason }, context) => {
          requiredText('nodeId', nodeId);
          storableText('reason', reason, LIMITS.reason);
          return context.registry.reportFailure({ nodeId, reason }, { key: context.asker.key, ...context.caller() });
        },
      }),
    }),
  });
}

/** An empty list is refused, because "no types" could be taken for "all nodes" by the reader of the request. */
function checkNodeTypes(nodeTypes: readonly string[] | null | undefined): void {
  if (nodeTypes === null || nodeTypes === undefined) return;
  if (nodeTypes.length === 0) {
    throw new GatewayError('BAD_USER_INPUT', 'nodeTypes must name at least one type; leave it out to ask all nodes', {
      argument: 'nodeTypes',
    });
  }
  boundedList('nodeTypes', nodeTypes);
  for (const type of nodeTypes) requiredText('nodeTypes', type);
}

function definePayloads(types: Types): void {
  types.requestIntrospectionPayload.implement({
    description: 'A request is on its way to the nodes. Example: `{correlationId: "6f1c2d3e-…", expectedNodes: 12}`.',
    fields: (t) => ({
      correlationId: t.exposeID('correlationId', {
        description: 'Every answer, and every change that follows from one, carries it. Example: `"6f1c2d3e-8a4b-4c5d-9e6f-7a8b9c0d1e2f"`.',
      }),
      requestedAt: t.field({
        type: 'DateTime',
        description: 'When it was sent. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: (payload) => payload.requestedAt,
      }),
      expectedNodes: t.exposeInt('expectedNodes', { description: 'Registered nodes that the request addresses. Example: `12`.' }),
    }),
  });
  types.deregisterPayload.implement({
    description:
      'The node is gone from Consul and Postgres. Example: `{node: {nodeId: "ghost-1", state: REMOVED}, cursor: "0000000000004712"}`.',
    fields: (t) => ({
      node: t.field({
        type: types.node,
        description: 'The node as it now stands. Example: `node { state stateReason }`.',
        resolve: (payload) => payload.node,
      }),
      cursor: t.field({
        type: 'Cursor',
        description: 'The position of the removal in the change log. Example: `"0000000000004712"`.',
        resolve: (payload) => payload.cursor,
      }),
      correlationId: t.exposeID('correlationId', {
        description: 'Ties the removal to its change and to the gateway\'s log. Example: `"6f1c2d3e-8a4b-4c5d-9e6f-7a8b9c0d1e2f"`.',
      }),
    }),
  });
}
