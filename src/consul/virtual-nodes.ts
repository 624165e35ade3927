import { createHash } from 'node:crypto';

/**
 * The catalog nodes that this registry's services are spread over. What a write into Consul costs grows with the services that its node
 * holds, so many small nodes stay fast where one large one does not. They stand for no machine: each service has an address of its own.
 */
export class VirtualNodes {
  readonly #registryId: string;
  readonly #count: number;

  constructor(registryId: string, count: number) {
    this.#registryId = registryId;
    this.#count = count;
  }

  /** The node of a service: the same on every gateway that is configured with as many nodes. */
  homeOf(serviceId: string): string {
    const hash = createHash('sha256').update(serviceId).digest();
    return this.#name(hash.readUInt32BE(0) % this.#count);
  }

  names(): readonly string[] {
    return Array.from({ length: this.#count }, (_, n) => this.#name(n));
  }

  /** Also those of a time when there were more of them. */
  has(node: string): boolean {
    const prefix = prefixOf(this.#registryId);
    return node.startsWith(prefix) && /^\d+$/.test(node.slice(prefix.length));
  }

  /** They, in Consul's filter language, in a list of nodes. */
  filter(): string {
    return `Node matches ${JSON.stringify(`^${prefixOf(this.#registryId)}`)}`;
  }

  #name(n: number): string {
    return `${prefixOf(this.#registryId)}${n}`;
  }
}

/** At most 63 characters with the number, so that `<node>.node.consul` is a name. */
function prefixOf(registryId: string): string {
  return `registry-${registryId}-`;
}
