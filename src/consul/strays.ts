/** Where else than at its place a service was seen standing. */
export class Strays {
  readonly #nodes = new Map<string, Set<string>>();

  add(serviceId: string, node: string): void {
    const nodes = this.#nodes.get(serviceId);
    if (nodes === undefined) this.#nodes.set(serviceId, new Set([node]));
    else nodes.add(node);
  }

  of(serviceId: string): readonly string[] {
    return [...(this.#nodes.get(serviceId) ?? [])];
  }

  removed(serviceId: string, node: string): void {
    const nodes = this.#nodes.get(serviceId);
    nodes?.delete(node);
    if (nodes?.size === 0) this.#nodes.delete(serviceId);
  }

  /** Everything belongs somewhere else now. */
  clear(): void {
    this.#nodes.clear();
  }
}
