import type { ExampleTab } from '../example-tabs.ts';

/** What there is. */
export const LIST: ExampleTab = {
  query: `# What exists, in whatever state? Run it; for the next
# page put pageInfo.endCursor into "after", in Variables.
query List($first: Int, $after: String) {
  nodes(
    first: $first
    after: $after
    filter: { states: [REGISTERED, EXPIRED] }
  ) {
    totalCount
    cursor
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        nodeId
        type
        state
        stateReason
        health
        capabilities
        lastSeenAt
      }
    }
  }
}

# From the end backwards: for the page before it pass
# pageInfo.startCursor as "before".
query LastPage {
  nodes(last: 5) {
    pageInfo {
      hasPreviousPage
      startCursor
    }
    edges {
      node {
        nodeId
      }
    }
  }
}

# One node, with what happened to it.
query One {
  nodeById(nodeId: "database-adapter-001") {
    state
    health
    checkOutput
    capabilityDetails
    changes(first: 5) {
      occurredAt
      type
      reason
      changedFields
    }
    records {
      differences {
        field
        gateway
        postgres
        consul
      }
    }
  }
}

# What a cache holds under an id, read again.
query Again {
  node(id: "Tm9kZTpkYXRhYmFzZS1hZGFwdGVyLTAwMQ") {
    id
    nodeId
    state
  }
}
`,
  variables: '{\n  "first": 5,\n  "after": null\n}\n',
};
