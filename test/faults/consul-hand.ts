import { z } from 'zod';
import { VirtualNodes } from '../../src/consul/virtual-nodes.ts';
import type { Rig } from './rig.ts';
import { consul, registryIdOf } from './truth.ts';

/** A service of the registry, wherever it stands. */
export interface FoundService {
  readonly id: string;
  readonly name: string;
  readonly meta: Readonly<Record<string, string>>;
  /** A virtual node; null: the agent. */
  readonly node: string | null;
}

const service = z.object({ ID: z.string(), Service: z.string(), Meta: z.record(z.string(), z.string()) });
const checks = z.array(z.object({ Node: z.string(), CheckID: z.string(), ServiceID: z.string() }));
const catalogNodes = z.array(z.object({ Node: z.string() }));
const onNode = z.object({ Services: z.record(z.string(), service) });
const ADDRESS = 'virtual-node.invalid';

/** The registry's services in Consul as they are, read and meddled with past the gateways, in both modes. */
export class ConsulHand {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** At every place: a service that stands at two is in here twice. */
  async services(): Promise<readonly FoundService[]> {
    const registryId = await registryIdOf(this.#rig);
    const onAgent = Object.values(z.record(z.string(), service).parse(await consul(this.#rig, '/agent/services')));
    const found: { readonly entry: z.output<typeof service>; readonly node: string | null }[] = onAgent.map((entry) => ({
      entry,
      node: null,
    }));
    const filter = encodeURIComponent(new VirtualNodes(registryId, 1).filter());
    for (const { Node: node } of catalogNodes.parse(await consul(this.#rig, `/catalog/nodes?filter=${filter}`))) {
      const { Services } = onNode.parse(await consul(this.#rig, `/catalog/node/${node}`));
      found.push(...Object.values(Services).map((entry) => ({ entry, node })));
    }
    return found
      .filter(({ entry }) => entry.Meta['registry_id'] === registryId)
      .map(({ entry: { ID: id, Service: name, Meta: meta }, node }) => ({ id, name, meta, node }));
  }

  /** The service ids of all checks, one for each. */
  async checkedIds(): Promise<readonly string[]> {
    return (await this.#checks()).map(({ ServiceID }) => ServiceID);
  }

  async remove({ id, node }: FoundService): Promise<void> {
    if (node === null) await consul(this.#rig, `/agent/service/deregister/${encodeURIComponent(id)}`, {});
    else await consul(this.#rig, '/catalog/deregister', { Node: node, ServiceID: id });
  }

  /** Puts it there, or writes over what stands. */
  async put({ id, name, meta, node }: FoundService): Promise<void> {
    if (node === null) await consul(this.#rig, '/agent/service/register', { ID: id, Name: name, Meta: meta });
    else {
      const body = { Node: node, Address: ADDRESS, SkipNodeUpdate: true, Service: { ID: id, Service: name, Meta: meta } };
      await consul(this.#rig, '/catalog/register', body);
    }
  }

  async dropChecks({ id, node }: FoundService): Promise<void> {
    for (const { CheckID, ServiceID, Node } of await this.#checks()) {
      if (ServiceID !== id) continue;
      if (node === null) await consul(this.#rig, `/agent/check/deregister/${encodeURIComponent(CheckID)}`, {});
      else await consul(this.#rig, '/catalog/deregister', { Node, CheckID });
    }
  }

  /** Where a service nobody registered would be put. */
  async somePlace(): Promise<string | null> {
    const { consul: config } = this.#rig.config;
    return config.mode === 'agent' ? null : new VirtualNodes(await registryIdOf(this.#rig), config.virtualNodes).homeOf('ghost');
  }

  async #checks() {
    const registryId = await registryIdOf(this.#rig);
    const agent = z.record(z.string(), z.object({ CheckID: z.string(), ServiceID: z.string() }));
    const onAgent = Object.values(agent.parse(await consul(this.#rig, '/agent/checks'))).map((check) => ({ ...check, Node: '' }));
    const nodes = new VirtualNodes(registryId, 1);
    const inCatalog = checks.parse(await consul(this.#rig, '/health/state/any')).filter(({ Node }) => nodes.has(Node));
    return [...onAgent, ...inCatalog];
  }
}
