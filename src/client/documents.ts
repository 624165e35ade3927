/**
 * Every operation that the client sends, word for word. A gateway that answers trusted documents only must trust these.
 *
 * Each is one text without anything put into it at run time, so that its hash is always the same.
 */

/** The live set of one request of `resolve`. */
export const HEALTHY_SERVICES = `subscription ClientHealthyServices($capability: String!, $types: [String!], $versionRange: String) {
  healthyServices(capability: $capability, types: $types, versionRange: $versionRange) {
    nodeId
    serviceName
    address
    port
    version
    node {
      endpoints {
        name
        url
      }
    }
  }
}`;

/** The same with `allOf`; a text of its own, so that a gateway from before that argument serves all other requests. */
export const HEALTHY_SERVICES_ALL_OF = `subscription ClientHealthyServicesAllOf(
  $capability: String!
  $allOf: [String!]
  $types: [String!]
  $versionRange: String
) {
  healthyServices(capability: $capability, allOf: $allOf, types: $types, versionRange: $versionRange) {
    nodeId
    serviceName
    address
    port
    version
    node {
      endpoints {
        name
        url
      }
    }
  }
}`;

/** Why there is none. */
export const EXPLAIN_DISCOVERY = `query ClientExplainDiscovery(
  $capability: String!
  $allOf: [String!]
  $types: [String!]
  $versionRange: String
) {
  explainDiscovery(capability: $capability, allOf: $allOf, types: $types, versionRange: $versionRange) {
    summary
    withheld(first: 5) {
      node {
        nodeId
      }
      reason
      explanation
    }
    suggestions(first: 3) {
      name
    }
  }
}`;

/** Tells a gateway of a failed call, so that it looks at once. */
export const REPORT_FAILURE = `mutation ClientReportFailure($nodeId: ID!, $reason: String) {
  reportFailure(nodeId: $nodeId, reason: $reason) {
    outcome
  }
}`;

/** What `watch` follows. */
export const REGISTRATION_CHANGES = `subscription ClientRegistrationChanges($after: Cursor, $snapshot: Boolean!, $filter: ChangeFilter) {
  registrationChanges(after: $after, snapshot: $snapshot, filter: $filter) {
    cursor
    type
    nodeId
    reason
    changedFields
    correlationId
    occurredAt
    node {
      nodeId
      name
      type
      role
      version
      state
      health
      serviceName
      address
      port
      capabilities
      endpoints {
        name
        url
      }
      metadata
      environment
      networkId
      deploymentId
      registeredAt
      updatedAt
      cursor
    }
  }
}`;

/** How far a gateway's answers can be trusted, and where the change log stands; asked on connecting and every few seconds. */
export const REGISTRY_STATUS = `query ClientRegistryStatus {
  registryStatus {
    stale
    asOf
    cursor
  }
}`;

/** All of them by their operations' names. */
export const DOCUMENTS = {
  ClientHealthyServices: HEALTHY_SERVICES,
  ClientHealthyServicesAllOf: HEALTHY_SERVICES_ALL_OF,
  ClientExplainDiscovery: EXPLAIN_DISCOVERY,
  ClientReportFailure: REPORT_FAILURE,
  ClientRegistrationChanges: REGISTRATION_CHANGES,
  ClientRegistryStatus: REGISTRY_STATUS,
} as const;
