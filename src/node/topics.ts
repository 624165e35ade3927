/** Which of the two sets of topic names, and of envelopes, a node speaks. The gateway reads both. */
export type Generation = 'legacy' | 'platform';

/** The topics of one node. */
export interface NodeTopics {
  readonly introspection: string;
  readonly heartbeat: string;
  readonly acknowledgement: string;
  /** Requests to introspect, of every generation: who asks need not know what the node speaks. */
  readonly requests: readonly string[];
  /** Where the gateway says that a node is registered. */
  readonly accepted: readonly string[];
}

/** The topic names of the Kafka contract. `environment` is their first part in the legacy generation. */
export function nodeTopics(environment: string, generation: Generation): NodeTopics {
  const legacy = (name: string) => `${environment}.omninode_bridge.onex.evt.${name}.v1`;
  const platform = (name: string) => `onex.evt.platform.${name}.v1`;
  const said = generation === 'legacy' ? legacy : platform;
  return {
    introspection: said('node-introspection'),
    heartbeat: said('node-heartbeat'),
    acknowledgement: 'onex.cmd.platform.node-registration-acked.v1',
    requests: [
      legacy('registry-request-introspection'),
      platform('registry-request-introspection'),
      'onex.cmd.platform.request-introspection.v1',
    ],
    accepted: [legacy('node-registration-accepted'), platform('node-registration-accepted')],
  };
}
