import type { Types } from './types.ts';

export function defineHealthyService(types: Types): void {
  types.healthyService.implement({
    description:
      'A healthy node, as who wants to call it sees it. Example: `{nodeId: "database-adapter-001", address: "10.0.3.17", port: 8080, url: "http://10.0.3.17:8080/api/v1"}`.',
    fields: (t) => ({
      nodeId: t.exposeID('nodeId', { description: 'The node that answers there. Example: `"database-adapter-001"`.' }),
      serviceName: t.exposeString('serviceName', { description: 'The Consul service name. Example: `"database-adapter"`.' }),
      address: t.exposeString('address', {
        nullable: true,
        description: 'The host to connect to; null for a node without endpoints. Example: `"10.0.3.17"`.',
      }),
      port: t.exposeInt('port', {
        nullable: true,
        description: 'The port to connect to; null for a node without endpoints. Example: `8080`.',
      }),
      version: t.exposeString('version', {
        nullable: true,
        description: 'The announced version; null when none was announced. Example: `"1.4.2"`.',
      }),
      url: t.string({
        nullable: true,
        description:
          'The URL of the named endpoint, `api` by default; null when the node has none of that name. Example: `url(endpoint: "metrics")`.',
        args: {
          endpoint: t.arg.string({ defaultValue: 'api', description: 'The name of the endpoint, exactly as announced. Example: `"api"`.' }),
        },
        resolve: (node, { endpoint }) => {
          const name = endpoint ?? 'api';
          return node.endpoints.find((candidate) => candidate.name === name)?.url ?? null;
        },
      }),
      node: t.field({
        type: types.node,
        description: 'Everything else about it. Example: `node { capabilities lastHeartbeatAt }`.',
        resolve: (node) => node,
      }),
    }),
  });
}
