/**
 * Every operation that the command line sends beside those of the client, word for word: a gateway that answers trusted documents only has
 * them built in.
 */

export const RESOLVE = `query CliResolve(
  $capability: String!
  $allOf: [String!]
  $types: [String!]
  $versionRange: String
  $strategy: Strategy
  $limit: Int
) {
  healthyServices(
    capability: $capability
    allOf: $allOf
    types: $types
    versionRange: $versionRange
    strategy: $strategy
    limit: $limit
  ) {
    nodeId
    serviceName
    address
    port
    version
    url
    node {
      type
      endpoints {
        name
        url
      }
    }
  }
}`;

export const EXPLAIN = `query CliExplain($capability: String!, $allOf: [String!], $types: [String!], $versionRange: String) {
  explainDiscovery(capability: $capability, allOf: $allOf, types: $types, versionRange: $versionRange) {
    summary
    withheld(first: 10) {
      node {
        nodeId
      }
      reason
      explanation
    }
    suggestions(first: 5) {
      name
    }
  }
}`;

export const NODES = `query CliNodes($filter: NodeFilter, $first: Int!, $after: String) {
  nodes(filter: $filter, first: $first, after: $after) {
    totalCount
    cursor
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        nodeId
        name
        type
        serviceName
        version
        state
        stateReason
        health
        address
        port
        capabilities
        endpoints {
          name
          url
        }
        registeredAt
        updatedAt
        lastHeartbeatAt
      }
    }
  }
}`;

export const STATUS = `query CliStatus {
  registryStatus {
    stale
    asOf
    source
    cursor
    nodes
    backends {
      name
      available
      circuit
      since
    }
  }
}`;

export const INTROSPECT = `mutation CliIntrospect($nodeId: ID, $nodeTypes: [String!], $reason: String) {
  requestIntrospection(nodeId: $nodeId, nodeTypes: $nodeTypes, reason: $reason) {
    correlationId
    expectedNodes
    requestedAt
  }
}`;

export const NODE = `query CliNode($nodeId: ID!) {
  nodeById(nodeId: $nodeId) {
    nodeId
    type
    serviceName
    state
    stateReason
    health
    address
    port
  }
}`;

export const DEREGISTER = `mutation CliDeregister($nodeId: ID!, $reason: String) {
  deregister(nodeId: $nodeId, reason: $reason) {
    cursor
    node {
      nodeId
      state
    }
  }
}`;

export const REJECTED = `query CliRejected($first: Int!) {
  rejectedEvents(first: $first) {
    errorType
    reason
    rejectedAt
    topic
    partition
    offset
    correlationId
    excerpt
  }
}`;

/** All of them by their operations' names. */
export const CLI_DOCUMENTS = {
  CliResolve: RESOLVE,
  CliExplain: EXPLAIN,
  CliNodes: NODES,
  CliStatus: STATUS,
  CliIntrospect: INTROSPECT,
  CliNode: NODE,
  CliDeregister: DEREGISTER,
  CliRejected: REJECTED,
} as const;
