/** A tab of GraphiQL: named after its first operation, with the variables that its operations take. */
export interface ExampleTab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

/**
 * What a developer finds in GraphiQL: one tab for each thing to do, in the order in which one learns it. All of it answers something on
 * the sample nodes of `npm start`. Tests validate and run every operation.
 */
export const EXAMPLE_TABS: readonly ExampleTab[] = [
  {
    query: `# discovery-gateway: who can do what, where, and how it changes.
# Ctrl-Enter runs the operation under the caret, Ctrl-Space completes, and the book on the left has every
# description. The other tabs: Explain, List, Watch, Ask.
# Where the gateway asks for a token: write { "Authorization": "Bearer <token>" } into Headers below, then re-fetch
# the schema (Ctrl-Shift-R). Subscriptions use it too.

# Who can do it, right now? Any capability, service name, node name or type; case, "-" and "_" do not matter.
query Resolve {
  healthyServices(capability: "database-adapter", strategy: LEAST_LOADED, limit: 3) {
    nodeId
    url
    address
    port
    version
  }
}

# One that can do all of it, in a version that fits.
query ResolveAllOf {
  healthyServices(capability: "query", allOf: ["transactions"], versionRange: "^2.0.0", types: ["effect"]) {
    nodeId
    url(endpoint: "health")
  }
}

# What can be asked for at all?
query Capabilities {
  capabilities(first: 50) {
    name
    nodes
    healthy
  }
}

# Hold the set: the whole of it now, and again whenever it changes.
subscription Follow {
  healthyServices(capability: "email") {
    nodeId
    url
  }
}
`,
  },
  {
    query: `# Nobody answers? Ask why: what the name was taken for, who has it and is not handed out, what is near it.
query Explain {
  explainDiscovery(capability: "databse-adapter") {
    summary
    names {
      normalized
      matchedBy
    }
    withheld {
      node {
        nodeId
        state
        health
      }
      reason
      explanation
    }
    suggestions {
      name
    }
  }
}

# A node that announced itself badly is nowhere: its message is here, with the reason.
query Rejected {
  rejectedEvents(first: 10) {
    rejectedAt
    errorType
    reason
    topic
    offset
    excerpt
  }
}

# How far can this gateway's answers be trusted at the moment?
query Status {
  registryStatus {
    stale
    source
    asOf
    backends {
      name
      available
      since
    }
  }
}
`,
  },
  {
    query: `# What exists, in whatever state? Run it; for the next page put pageInfo.endCursor into "after" below.
query List($first: Int, $after: String) {
  nodes(first: $first, after: $after, filter: { states: [REGISTERED, EXPIRED] }) {
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

# From the end backwards: for the page before it pass pageInfo.startCursor as "before".
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
  },
  {
    query: `# Follow everything: first what stands, then a BOOKMARK, then every change as it happens.
# One of the sample nodes leaves every 40 seconds and returns.
subscription Watch {
  registrationChanges(snapshot: true) {
    cursor
    type
    nodeId
    reason
    changedFields
    node {
      state
      health
      serviceName
    }
  }
}

# List, then watch: the list says where the log stood when it was read …
query ListFirst {
  nodes(first: 50) {
    cursor
    edges {
      node {
        nodeId
        state
      }
    }
  }
}

# … and with that "cursor" as "after" below, nothing in between is missed. Resume in the same way after a break.
subscription ThenWatch($after: Cursor) {
  registrationChanges(after: $after, filter: { nodeTypes: ["effect", "compute"] }) {
    cursor
    type
    nodeId
    reason
  }
}

# The same log in pages, oldest first.
query Changes($after: Cursor) {
  changes(after: $after, first: 20) {
    cursor
    type
    nodeId
    reason
    operator
  }
}
`,
    variables: '{\n  "after": null\n}\n',
  },
  {
    query: `# Ask a node to announce itself again. Its answer has the same correlationId; the tab Watch shows what changed.
mutation Ask {
  requestIntrospection(nodeId: "database-adapter-001", reason: "a look around") {
    correlationId
    expectedNodes
  }
}

# Ask all nodes of a type; without "nodeTypes" all nodes.
mutation AskTypes {
  requestIntrospection(nodeTypes: ["compute"]) {
    correlationId
    expectedNodes
  }
}

# A call to it failed? Say so: it is probed at once, and left out of the answers while it does not answer.
mutation Report {
  reportFailure(nodeId: "database-adapter-001", reason: "connection refused") {
    probed
    outcome
  }
}

# Remove a ghost. It comes back only by a startup announcement, or by its answer to a request like the ones above.
mutation Remove {
  deregister(nodeId: "ghost-1", reason: "its host is gone") {
    cursor
    node {
      state
    }
  }
}
`,
  },
];
