/**
 * Every operation that the dashboard sends, word for word: a gateway that answers trusted documents only has them built in. So they lie
 * outside of the page, which is not part of the gateway's build, and are written as urql prints them.
 */

const NODE_FIELDS = `fragment NodeFields on Node {
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
  environment
  registeredAt
  updatedAt
  lastSeenAt
  lastHeartbeatAt
  cursor
}`;

const PAST_CHANGE_FIELDS = `fragment PastChangeFields on RegistrationChange {
  cursor
  type
  nodeId
  reason
  changedFields
  occurredAt
  operator
  correlationId
  node {
    type
    name
    health
  }
}`;

/** How the gateway and its back ends are, and who asks. */
export const STATUS = `query Status {
  viewer {
    name
    mayRead
    mayWrite
  }
  registryStatus {
    stale
    source
    asOf
    cursor
    nodes
    gatewayId
    environment
    version
    startedAt
    leader
    subscribers
    consumerLag
    consumerPausedFor
    expiriesHeldBack
    ejected
    backends {
      name
      available
      circuit
      lastError
      since
    }
    nodeCounts {
      type
      state
      health
      nodes
    }
  }
}`;

/** Every change, behind the last one that is known. */
export const REGISTRATION_CHANGES = `subscription Dashboard($after: Cursor, $snapshot: Boolean) {
  registrationChanges(after: $after, snapshot: $snapshot) {
    cursor
    type
    nodeId
    reason
    changedFields
    occurredAt
    operator
    correlationId
    node {
      ...NodeFields
    }
  }
}
${NODE_FIELDS}`;

/** A stretch of the log. */
export const CHANGES = `query History($after: Cursor, $first: Int) {
  changes(after: $after, first: $first) {
    ...PastChangeFields
  }
}
${PAST_CHANGE_FIELDS}`;

/** A page of the nodes that are registered no more. */
export const DEPARTED = `query Departed($states: [RegistrationState!], $after: String) {
  nodes(filter: {states: $states}, first: 250, after: $after) {
    totalCount
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        ...NodeFields
      }
    }
  }
}
${NODE_FIELDS}`;

/** A page of what heartbeats said last, and of who is ejected. */
export const VITALS = `query Vitals($after: String) {
  nodes(filter: {states: [REGISTERED]}, first: 500, after: $after) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        nodeId
        lastSeenAt
        activeOperations
        cpuPercent
        ejection {
          since
        }
      }
    }
  }
}`;

/** All of one node. */
export const NODE = `query Node($nodeId: ID!) {
  nodeById(nodeId: $nodeId) {
    ...NodeFields
    instance
    role
    networkId
    deploymentId
    epoch
    acknowledgedAt
    leaseExpiresAt
    consulServiceId
    contentHash
    checkStatus
    checkOutput
    reportedHealth
    currentState
    cpuPercent
    memoryMb
    memoryPercent
    activeOperations
    uptimeSeconds
    endpoints {
      name
      url
    }
    capabilityDetails
    metadata
    ejection {
      since
      error
      failures
      successesNeeded
      retryAt
    }
  }
}
${NODE_FIELDS}`;

/** What both back ends hold of a node at this moment. */
export const RECORDS = `query Records($nodeId: ID!) {
  nodeById(nodeId: $nodeId) {
    records {
      postgres {
        state
        health
        checkStatus
        serviceName
        address
        port
        version
        capabilities
        contentHash
        consulServiceId
        updatedAt
      }
      consul {
        id
        name
        node
        address
        port
        tags
        meta
        checks {
          id
          status
          output
        }
      }
      differences {
        field
        gateway
        postgres
        consul
      }
    }
  }
}`;

/** The latest changes of a node. */
export const NODE_HISTORY = `query NodeHistory($nodeId: ID!) {
  nodeById(nodeId: $nodeId) {
    changes(first: 30) {
      ...PastChangeFields
    }
  }
}
${PAST_CHANGE_FIELDS}`;

/** What may have been meant by a name that nothing has. */
export const NEAR = `query Near($name: String!) {
  explainDiscovery(capability: $name) {
    suggestions(first: 5) {
      name
    }
    rejectedEvents(first: 3) {
      reason
      errorType
    }
  }
}`;

/** Asks a node to announce itself. */
export const REQUEST_INTROSPECTION = `mutation Ask($nodeId: ID!) {
  requestIntrospection(nodeId: $nodeId, reason: 
"asked on the dashboard") {
    correlationId
  }
}`;

/** Takes a node out of the registry. */
export const DEREGISTER = `mutation Deregister($nodeId: ID!, $reason: String) {
  deregister(nodeId: $nodeId, reason: $reason) {
    cursor
  }
}`;

/** Who is handed out for a capability, and who is not, and why. */
export const RESOLVE = `query Resolve($name: String!) {
  healthyServices(capability: $name, strategy: LEAST_LOADED, limit: 100) {
    nodeId
    address
    port
    url
    version
    serviceName
  }
  explainDiscovery(capability: $name) {
    handedOut
    summary
    withheldCount
    withheld(first: 20) {
      node {
        nodeId
      }
      reason
      explanation
    }
    suggestions(first: 5) {
      name
      nodes
    }
  }
}`;

/** The latest messages that were not accepted. */
export const REJECTED = `query Rejected {
  rejectedEvents(first: 500) {
    reason
    errorType
    topic
    partition
    offset
    excerpt
    correlationId
    rejectedAt
  }
}`;

export const DASHBOARD_DOCUMENTS = {
  STATUS,
  REGISTRATION_CHANGES,
  CHANGES,
  DEPARTED,
  VITALS,
  NODE,
  RECORDS,
  NODE_HISTORY,
  NEAR,
  REQUEST_INTROSPECTION,
  DEREGISTER,
  RESOLVE,
  REJECTED,
} as const;
