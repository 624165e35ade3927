import type { Types } from './types.ts';

export function defineNodeConnection(types: Types): void {
  types.nodeConnection.implement({
    description:
      'One page of nodes, in the order of their ids. Example: `{totalCount: 312, pageInfo: {hasNextPage: true}, edges: [{node: {nodeId: "classifier-001"}}]}`.',
    fields: (t) => ({
      edges: t.field({
        type: [types.nodeEdge],
        description: 'The nodes of this page, each with the cursor to go on from. Example: `edges { cursor node { nodeId } }`.',
        resolve: (page) => page.edges,
      }),
      pageInfo: t.field({
        type: types.pageInfo,
        description: 'Whether there is more on either side. Example: `pageInfo { hasNextPage endCursor }`.',
        resolve: (page) => page.pageInfo,
      }),
      totalCount: t.exposeInt('totalCount', { description: 'How many nodes match, on all pages. Example: `312`.' }),
      cursor: t.field({
        type: 'Cursor',
        description:
          'Where the change log stood when this was read: list, then watch from here with the subscription `registrationChanges`. Example: `"0000000000004711"`.',
        resolve: (page) => page.cursor,
      }),
    }),
  });
  types.nodeEdge.implement({
    description: 'A node on a page. Example: `{cursor: "cGxhY2U6b3JjaGVzdHJhdG9yLTAwMQ", node: {nodeId: "orchestrator-001"}}`.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', {
        description:
          'The place of the node, opaque: pass it as `after` or `before`. It is no position in the change log. Example: `"cGxhY2U6b3JjaGVzdHJhdG9yLTAwMQ"`.',
      }),
      node: t.field({ type: types.node, description: 'The node itself. Example: `node { nodeId health }`.', resolve: (edge) => edge.node }),
    }),
  });
  types.pageInfo.implement({
    description: 'Where a page lies among all that matches. Example: `{hasNextPage: true, endCursor: "cGxhY2U6b3JjaGVzdHJhdG9yLTAwMQ"}`.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'There are nodes after this page. Example: `true`.' }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'There are nodes before this page. Example: `false`.' }),
      startCursor: t.exposeString('startCursor', {
        nullable: true,
        description:
          'The cursor of the first edge: pass it as `before` for the page before this one. Null on an empty page. Example: `"cGxhY2U6b3JjaGVzdHJhdG9yLTAwMQ"`.',
      }),
      endCursor: t.exposeString('endCursor', {
        nullable: true,
        description:
          'The cursor of the last edge: pass it as `after` for the next page. Null on an empty page. Example: `"cGxhY2U6b3JjaGVzdHJhdG9yLTA1MA"`.',
      }),
    }),
  });
}
