import type { Config } from '../../../src/config.ts';
import { capabilityOf, type Fleet, nodeId, serviceNameOf } from '../fleet.ts';

/** What the gateway registers for a node with an agent, as one request of Consul's HTTP API: the same tags, meta and check. */
export function agentRequest(fleet: Fleet, index: number, { consul }: Config) {
  const { service, check } = parts(fleet, index, consul);
  return { path: '/v1/agent/service/register', body: JSON.stringify({ ...service, Check: { ...check, Status: 'passing' } }) };
}

/** Operations in one transaction; 128 is Consul's own limit, and each service has a check. */
const SERVICES_IN_ONE = 64;

/** The same services on virtual nodes of the catalog, in as few transactions as Consul allows, and the nodes themselves. */
export function catalogRequests(fleet: Fleet, count: number, { consul }: Config, virtualNodes: number) {
  const node = (index: number) => `bare-${index % virtualNodes}`;
  const before = Array.from({ length: virtualNodes }, (_, index) => ({
    path: '/v1/catalog/register',
    body: JSON.stringify({ Node: node(index), Address: '127.0.0.1', SkipNodeUpdate: false }),
  }));
  const requests = Array.from({ length: Math.ceil(count / SERVICES_IN_ONE) }, (_, batch) => {
    const first = batch * SERVICES_IN_ONE;
    const operations = Array.from({ length: Math.min(SERVICES_IN_ONE, count - first) }, (_, offset) => {
      const index = first + offset;
      const { service, check } = parts(fleet, index, consul);
      const { ID: id, Name: name, ...rest } = service;
      return [
        { Service: { Verb: 'set', Node: node(index), Service: { ID: id, Service: name, ...rest } } },
        {
          Check: {
            Verb: 'set',
            Check: { Node: node(index), ServiceID: id, CheckID: check.CheckID, Name: check.Name, Notes: check.Notes, Status: 'passing' },
          },
        },
      ];
    });
    return { path: '/v1/txn', body: JSON.stringify(operations.flat()) };
  });
  return { before, requests };
}

function parts(fleet: Fleet, index: number, consul: Config['consul']) {
  const id = `effect-${nodeId(fleet, index)}`;
  const { hostname, port } = new URL(fleet.healthUrl ?? 'http://127.0.0.1:1');
  const names = [capabilityOf(fleet, index), 'describe', 'execute_query', 'read'];
  return {
    service: {
      ID: id,
      Name: serviceNameOf(fleet, index),
      Address: hostname,
      Port: Number(port),
      Tags: ['omninode', 'bridge', 'onex-v2.0', 'effect', '1.2.3', ...names],
      Meta: {
        node_id: nodeId(fleet, index),
        node_type: 'effect',
        node_name: `node_${nodeId(fleet, index)}`,
        node_version: '1.2.3',
        capabilities: names.join(),
        content_hash: '0'.repeat(64),
        registry_id: '00000000-0000-4000-8000-000000000000',
      },
    },
    check: {
      CheckID: `service:${id}`,
      Name: 'HTTP check',
      Notes: 'registry 00000000-0000-4000-8000-000000000000',
      HTTP: `${fleet.healthUrl}/${nodeId(fleet, index)}`,
      DisableRedirects: true,
      Interval: `${consul.checkInterval}ms`,
      Timeout: `${consul.checkTimeout}ms`,
      SuccessBeforePassing: consul.successBeforePassing,
      FailuresBeforeCritical: consul.failuresBeforeCritical,
      DeregisterCriticalServiceAfter: `${consul.deregisterCriticalAfter}ms`,
    },
  };
}
