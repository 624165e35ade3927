import type { ExampleTab } from '../example-tabs.ts';

/** Find somebody who can do it, and hold the set. */
export const RESOLVE: ExampleTab = {
  query: `# discovery-gateway: who can do what, where, and how it
# changes. The other tabs: Explain, List, Watch, Ask.
# Ctrl-Enter runs the operation under the caret,
# Ctrl-Space completes, and the book on the left has
# every description.
#
# Does it ask for a token? Write into Headers, below, in
# each tab:
#   { "Authorization": "Bearer <token>" }
# and fetch the schema again (Ctrl-Shift-R).

# Who can do it, right now? Any capability, service name,
# node name or type; case, "-" and "_" do not matter.
query Resolve {
  healthyServices(
    capability: "database-adapter"
    strategy: LEAST_LOADED
    limit: 3
  ) {
    nodeId
    url
    address
    port
    version
  }
}

# One that can do all of it, in a version that fits.
query ResolveAllOf {
  healthyServices(
    capability: "query"
    allOf: ["transactions"]
    versionRange: "^2.0.0"
    types: ["effect"]
  ) {
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

# Hold the set: the whole of it now, and again whenever
# it changes.
subscription Follow {
  healthyServices(capability: "email") {
    nodeId
    url
  }
}
`,
};
