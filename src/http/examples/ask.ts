import type { ExampleTab } from '../example-tabs.ts';

/** What an operator may do. */
export const ASK: ExampleTab = {
  query: `# Ask a node to announce itself again. Its answer has the
# same correlationId; the tab Watch shows what changed.
mutation Ask {
  requestIntrospection(
    nodeId: "database-adapter-001"
    reason: "a look around"
  ) {
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

# A call to it failed? Say so: it is probed at once, and
# left out of the answers while it does not answer.
mutation Report {
  reportFailure(
    nodeId: "database-adapter-001"
    reason: "connection refused"
  ) {
    probed
    outcome
  }
}

# May you? Who the gateway takes you for.
query Who {
  viewer {
    name
    mayWrite
  }
}

# Remove a ghost. It comes back only by a startup
# announcement, or by its answer to a request as above.
mutation Remove {
  deregister(nodeId: "ghost-1", reason: "host is gone") {
    cursor
    node {
      state
    }
  }
}
`,
};
