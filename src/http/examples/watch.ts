import type { ExampleTab } from '../example-tabs.ts';

/** What changes. */
export const WATCH: ExampleTab = {
  query: `# Follow everything: first what stands, then a BOOKMARK,
# then every change as it happens. One of the sample
# nodes leaves every 40 seconds and returns.
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

# List, then watch: the list says where the log stood
# when it was read …
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

# … and with that "cursor" as "after", in Variables
# below, nothing in between is missed. Resume in the same
# way after a break.
subscription ThenWatch($after: Cursor) {
  registrationChanges(
    after: $after
    filter: { nodeTypes: ["effect", "compute"] }
  ) {
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
};
