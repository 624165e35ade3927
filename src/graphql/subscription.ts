import { checkDiscovery, type defineDiscoveryArguments } from './discovery-arguments.ts';
import { EventTurns } from './event-turns.ts';
import { checkChangeFilter, type FilterInputs } from './filter-inputs.ts';
import type { Types } from './types.ts';

export function defineSubscription(types: Types, inputs: FilterInputs, discovery: ReturnType<typeof defineDiscoveryArguments>): void {
  const turns = new EventTurns();
  types.builder.subscriptionType({
    description:
      'Live answers, over WebSocket (`graphql-transport-ws`) or server-sent events. An error ends the subscription that it concerns; others on the same socket go on. Errors: `UNAUTHENTICATED` and `FORBIDDEN` where the gateway asks for tokens, also when one expires meanwhile. Example: `subscription { registrationChanges(snapshot: true) { cursor type nodeId } }`.',
    fields: (t) => ({
      registrationChanges: t.field({
        type: types.registrationChange,
        description:
          'With `after`: every change after that cursor, then live ones. With `snapshot: true`: the matching nodes as SNAPSHOT (each with the cursor of its latest change, in ascending order, so that a snapshot cut half-way resumes like anything else), one BOOKMARK, then live changes. With neither: live changes from now. Bookmarks arrive at least every 30 s. A node that stops matching the filter arrives once more, as REMOVED with reason `filter`; an expired one as REMOVED with reason `lease_expired` or `consul_critical`. Errors: `CURSOR_EXPIRED` when the log no longer reaches back that far and `CURSOR_INVALID` when it never reached there (take a snapshot instead), `SUBSCRIBER_TOO_SLOW` for who does not keep up (resume from the last cursor), `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `registrationChanges(after: "0000000000004711") { cursor type nodeId }`.',
        args: {
          after: t.arg({
            type: 'Cursor',
            description:
              'Resume from this position: what came after it arrives, then live changes. Wins over `snapshot`. Example: `"0000000000004711"`.',
          }),
          snapshot: t.arg.boolean({ defaultValue: false, description: 'Begin with what stands now. Example: `true`.' }),
          filter: t.arg({
            type: inputs.changeFilter,
            description: 'Which changes; all where it is left out. Example: `{nodeTypes: ["effect"]}`.',
          }),
        },
        subscribe: (_root, { after, snapshot, filter }, { registry, taker }) =>
          turns.paced(registry.subscribeChanges({ after, snapshot: snapshot ?? false, filter: checkChangeFilter(filter), taker })),
        resolve: (change) => change,
      }),
      healthyServices: t.field({
        type: [types.healthyService],
        description:
          'The full set now, and again whenever it changes: membership, address, version or URLs. In node id order; several changes within 100 ms arrive as one. Matching, and leaving out what does not answer, is that of the query: the instances are probed as long as this lasts. Errors: `BAD_USER_INPUT`, `LIMIT_EXCEEDED`, `BACKEND_UNAVAILABLE`. Example: `healthyServices(capability: "database-adapter") { nodeId url }`.',
        args: discovery,
        subscribe: (_root, query, { registry }) => turns.paced(registry.subscribeHealthyServices(checkDiscovery(query))),
        resolve: (nodes) => nodes,
      }),
    }),
  });
}
