import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/** What a developer finds in GraphiQL's first tab. A test runs each of them against the schema. */
export const EXAMPLE_QUERIES = `# discovery-gateway: who can do what, where, and how it changes.
# Ctrl-Enter runs the operation under the caret. Ctrl-Space completes; the book on the left has every description.

# Who can do it, right now? Any capability, service name, node name or type.
query Resolve {
  healthyServices(capability: "service_discovery", strategy: LEAST_LOADED) {
    nodeId
    serviceName
    address
    port
    url
  }
}

# What exists, in whatever state? Keep "cursor": it is where to watch from.
query List {
  nodes(first: 20, filter: { states: [REGISTERED, EXPIRED] }) {
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
        changes(first: 3) {
          type
          reason
          occurredAt
        }
      }
    }
  }
}

# What can be asked for?
query Capabilities {
  capabilities {
    name
    nodes
    healthy
  }
}

# Why is my node missing?
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

# Follow everything: first what stands, then a BOOKMARK, then every change as it happens.
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

# Hold the set of one capability.
subscription Follow {
  healthyServices(capability: "service_discovery") {
    nodeId
    url
  }
}

# Ask every node to announce itself again.
mutation Ask {
  requestIntrospection(reason: "a look around") {
    correlationId
    expectedNodes
  }
}

# Remove a ghost. It comes back only by a startup announcement.
mutation Remove {
  deregister(nodeId: "ghost-1", reason: "its host is gone") {
    cursor
    node {
      state
    }
  }
}
`;

export interface GraphiqlPage {
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * The page, scripts and styles inside: it needs no network but this server. 9 MB, so it is loaded when somebody first asks, and kept
 * gzipped (2.5 MB): a gateway that only programs talk to never holds it.
 */
export async function loadGraphiqlPage(): Promise<GraphiqlPage> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({ title: 'discovery-gateway', subscriptionsProtocol: 'WS', defaultQuery: EXAMPLE_QUERIES });
  return {
    gzipped: await promisify(gzip)(html),
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
  };
}

/** Answers a browser that opens `/graphql`. */
export async function sendGraphiql(page: GraphiqlPage, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('ETag', page.etag);
  // The browser asks each time, and gets 304 until the gateway is upgraded.
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Vary', 'Accept, Accept-Encoding');
  if (request.headers['if-none-match'] === page.etag) {
    response.writeHead(304).end();
  } else if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
    response.setHeader('Content-Encoding', 'gzip');
    response.end(page.gzipped);
  } else {
    response.end(await promisify(gunzip)(page.gzipped));
  }
}
