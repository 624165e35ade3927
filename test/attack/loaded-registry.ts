import type { NodeId } from '../../src/events/node-id.ts';
import type { Change, ChangeEvent } from '../../src/registry/change.ts';
import { toCursor } from '../../src/registry/cursor.ts';
import { Discovery } from '../../src/registry/discovery.ts';
import { readRequest } from '../../src/registry/discovery-request.ts';
import { DiscoveryExplanation } from '../../src/registry/explanation.ts';
import type { NodeRecord } from '../../src/registry/node-record.ts';
import type { DiscoveryQuery, HealthyServicesQuery, NodeFilter } from '../../src/registry/registry.ts';
import { RegistryView } from '../../src/registry/view.ts';
import { MemoryRegistry, sampleNode } from '../unit/graphql/memory-registry.ts';

/** Instances of each capability, as the bar for `healthyServices` has it. */
const INSTANCES = 10;

/** Many nodes in the memory of a real gateway (view and discovery are its own), and a log that answers after a while, as Postgres does. */
export class LoadedRegistry extends MemoryRegistry {
  readonly #view = new RegistryView();
  readonly #discovery = new Discovery(this.#view, Math.random);
  readonly #readTime: number;

  /** `readTime`: milliseconds that a read of the log takes. */
  constructor(nodes: number, readTime: number) {
    super();
    this.#readTime = readTime;
    const records = Array.from({ length: nodes }, (_, index) =>
      sampleNode(`node-${String(index).padStart(5, '0')}`, {
        capabilities: [capability(Math.floor(index / INSTANCES))],
        cursor: toCursor(index + 1),
      }),
    );
    this.#view.load(records, toCursor(nodes));
  }

  override node(id: string): NodeRecord | undefined {
    return this.#view.get(id);
  }

  override nodes(filter: NodeFilter | null): readonly NodeRecord[] {
    return this.#view.filter(filter);
  }

  override healthyServices(query: HealthyServicesQuery): readonly NodeRecord[] {
    return this.#discovery.healthyServices(query);
  }

  override tentatively<T>(ask: () => T | null): T | null {
    return this.#discovery.tentatively(ask);
  }

  override explainDiscovery(query: DiscoveryQuery): DiscoveryExplanation {
    return new DiscoveryExplanation(this.#view, this.#discovery, readRequest(query));
  }

  override capabilities() {
    return this.#view.capabilities();
  }

  override async changes(): Promise<readonly ChangeEvent[]> {
    await this.#read();
    return [];
  }

  override async changesOfNodes(): Promise<ReadonlyMap<NodeId, readonly ChangeEvent[]>> {
    await this.#read();
    return new Map();
  }

  /** One change of one node, to every subscriber. */
  touch(): Change {
    this.log.length = 0;
    return this.put(sampleNode('node-00000', { capabilities: [capability(0)] }), 'MODIFIED');
  }

  #read(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#readTime));
  }
}

export function capability(index: number): string {
  return `capability.${index}`;
}
