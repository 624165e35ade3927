import type { Types } from './types.ts';

export function defineChange(types: Types): void {
  types.registrationChange.implement({
    description:
      'One entry of the change log, or one message to a subscriber. Example: `{cursor: "0000000000004711", type: ADDED, nodeId: "orchestrator-001", reason: "startup"}`.',
    fields: (t) => ({
      cursor: t.field({
        type: 'Cursor',
        description: 'Its position in the log: resume from it with `after`. Example: `"0000000000004711"`.',
        resolve: (change) => change.cursor,
      }),
      type: t.field({ type: types.changeType, description: 'What happened. Example: `MODIFIED`.', resolve: (change) => change.type }),
      nodeId: t.exposeID('nodeId', { nullable: true, description: 'Whose change; null for BOOKMARK. Example: `"orchestrator-001"`.' }),
      node: t.field({
        type: types.node,
        nullable: true,
        description: 'The node as it was right after this change; null for BOOKMARK. Example: `node { health capabilities }`.',
        resolve: (change) => change.node,
      }),
      reason: t.exposeString('reason', {
        nullable: true,
        description:
          'Why: startup, capability_change, shutdown, lease_expired, consul_critical, operator, filter, or whatever the node gave as its reason; null for SNAPSHOT and BOOKMARK. Example: `"capability_change"`.',
      }),
      changedFields: t.exposeStringList('changedFields', {
        description:
          'The fields of Node that differ from before, sorted; for ADDED all that can differ, for SNAPSHOT and BOOKMARK none. Example: `["capabilities", "version"]`.',
      }),
      correlationId: t.exposeString('correlationId', {
        nullable: true,
        description:
          'Ties the change to the message or request that caused it, and to the gateway\'s log; null where there was none. Example: `"6f1c2d3e-8a4b-4c5d-9e6f-7a8b9c0d1e2f"`.',
      }),
      operator: t.exposeString('operator', {
        nullable: true,
        description: 'Who asked for it; null unless a person or program did. Example: `"alice"`.',
      }),
      occurredAt: t.field({
        type: 'DateTime',
        description: 'When the gateway took it in. Example: `"2026-11-24T13:29:00.000Z"`.',
        resolve: (change) => change.occurredAt,
      }),
    }),
  });
}
