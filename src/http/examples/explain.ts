import type { ExampleTab } from '../example-tabs.ts';

/** Why somebody is missing. */
export const EXPLAIN: ExampleTab = {
  query: `# Nobody answers? Ask why: what the name was taken for,
# who has it and is not handed out, and what is near it.
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

# A node that announced itself badly is nowhere: its
# message is here, with the reason.
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

# How far can this gateway's answers be trusted?
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
};
