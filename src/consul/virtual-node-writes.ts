import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { BackendError } from '../errors.ts';
import type { AgentClient } from './agent-client.ts';
import { withTimeout } from './deadline.ts';
import type { Placement } from './placement.ts';
import { MAX_OPERATIONS, type Operation, transact } from './transaction.ts';
import type { VirtualNodes } from './virtual-nodes.ts';

/** RFC 2606: never an address. A service that has none must not be found at that of whatever machine. */
const ADDRESS = 'virtual-node.invalid';

export interface NodeMarks {
  readonly registryId: string;
  readonly probes: Placement['probes'];
}

const listedNodes = z.array(z.object({ Node: z.string(), Address: z.string(), Meta: z.record(z.string(), z.string()).nullish() }));

/**
 * Makes the virtual nodes as they should be: a node must stand before its services. Where they stand it only looks, since it is called
 * every minute by every gateway. `left` is milliseconds. Throws what the client threw, or BackendError.
 */
export async function makeNodes(client: AgentClient, nodes: VirtualNodes, marks: NodeMarks, left: () => number): Promise<void> {
  const listed = listedNodes.parse(await client.catalog.node.list(withTimeout({ filter: nodes.filter() }, left())));
  const standing = new Map(listed.map(({ Node, Address, Meta }) => [Node, { Node, Address, Meta: Meta ?? {} }]));
  const operations = nodes
    .names()
    .map((name) => wireNode(name, marks))
    .filter((node) => !isDeepStrictEqual(node, standing.get(node.Node)))
    .map((node): Operation => ({ node: { verb: 'set', node } }));
  for (let start = 0; start < operations.length; start += MAX_OPERATIONS) {
    const answer = await transact(client, operations.slice(start, start + MAX_OPERATIONS), left());
    if ('results' in answer) continue;
    const [first] = answer.errors;
    throw new BackendError('consul', `Consul did not take the virtual nodes of CONSUL_MODE=catalog: ${first?.what}`);
  }
}

function wireNode(name: string, { registryId, probes }: NodeMarks) {
  return {
    Node: name,
    Address: ADDRESS,
    Meta: {
      // By which consul-esm finds what it should probe: two who probe would write over each other.
      'external-node': String(probes === 'esm'),
      // It must not ping the node, which is none.
      'external-probe': 'false',
      registry_id: registryId,
    },
  };
}
