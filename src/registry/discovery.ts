import type { NodeId } from '../events/node-id.ts';
import { type Admission, type Demand, type StandingDemand, UNPROBED } from './demand.ts';
import { type DiscoveryRequest, readRequest } from './discovery-request.ts';
import type { Ejection } from './ejections.ts';
import type { NodeRecord } from './node-record.ts';
import type { CapabilitySummary, HealthyServicesQuery } from './registry.ts';
import { type Random, shuffle } from './shuffle.ts';
import { Turns } from './turns.ts';
import type { RegistryView } from './view.ts';

/** Answers "give me a healthy service that can do X" from memory. */
export class Discovery {
  readonly #view: RegistryView;
  readonly #random: Random;
  readonly #admission: Admission;
  readonly #turns = new Turns();

  constructor(view: RegistryView, random: Random, admission: Admission = UNPROBED) {
    this.#view = view;
    this.#random = random;
    this.#admission = admission;
  }

  /** In the order of the strategy. Throws BAD_USER_INPUT for a version range that is none. */
  healthyServices(query: HealthyServicesQuery): readonly NodeRecord[] {
    const request = readRequest(query);
    const ordered = this.#order(this.handedOut(request), request, query);
    return query.limit == null ? ordered : ordered.slice(0, query.limit);
  }

  /** What is asked in it and comes to null, or throws, was not asked: no turn of ROUND_ROBIN is gone. */
  tentatively<T>(ask: () => T | null): T | null {
    return this.#turns.tentatively(ask);
  }

  /** Every node that may be handed out to who asks this, in no order. The demand hears of those that are left out, too. */
  handedOut(request: DiscoveryRequest, demand: Demand = this.#admission): NodeRecord[] {
    const fit: NodeRecord[] = [];
    for (const id of this.#answering(request)) {
      const node = this.#view.at(id);
      if (node !== undefined && this.#view.isFit(node) && meets(node, request) && demand.admits(id)) fit.push(node);
    }
    return fit;
  }

  /** Who has which capability, and how many of those are handed out. Nobody is asked for by this. */
  capabilities(): CapabilitySummary[] {
    return this.#view.capabilities((node) => this.#view.isFit(node) && this.ejection(node.nodeId) === null);
  }

  /** For a live subscription: what it could contain is asked for as long as it lasts. */
  standing(): StandingDemand {
    return this.#admission.standing();
  }

  /** Why this gateway leaves a node out that is HEALTHY; null: it does not. */
  ejection(nodeId: NodeId): Ejection | null {
    return this.#admission.ejection(nodeId);
  }

  /** Calls back after every change of what is answered. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    const stops = [this.#view.onChange(listener), this.#admission.onChange(listener)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Nodes that answer to every name. */
  #answering({ names }: DiscoveryRequest): Iterable<NodeId> {
    const sets = names.map(({ canonical }) => this.#view.registered.match(canonical).nodes).sort((a, b) => a.size - b.size);
    const [smallest, ...others] = sets;
    if (smallest === undefined) return [];
    return others.length === 0 ? smallest : [...smallest].filter((id) => others.every((nodes) => nodes.has(id)));
  }

  #order(nodes: NodeRecord[], request: DiscoveryRequest, { strategy = 'RANDOM', limit }: HealthyServicesQuery): NodeRecord[] {
    switch (strategy) {
      case 'RANDOM':
        return shuffle(nodes, this.#random, limit ?? nodes.length);
      case 'ROUND_ROBIN':
        return this.#turns.rotate(identity(request, limit), nodes.sort(byNodeId));
      case 'LEAST_LOADED':
        // Equals in random order: the clients that ask between two heartbeats should not all take the same instance.
        return shuffle(nodes, this.#random).sort(byLoad);
      case 'FRESHEST':
        return nodes.sort((a, b) => b.liveness.lastSeenAt - a.liveness.lastSeenAt || byNodeId(a, b));
    }
  }
}

/** Whether a node that answers to the names is of a type and version that are wanted. */
function meets(node: NodeRecord, { types, range }: DiscoveryRequest): boolean {
  return (types === null || types.include(node.type)) && (range === null || range.contains(node.version));
}

export function byNodeId(a: NodeRecord, b: NodeRecord): number {
  return a.nodeId < b.nodeId ? -1 : 1;
}

/** Active operations, then CPU, then memory, each as the last heartbeat said. What a node never said comes last. */
function byLoad({ liveness: a }: NodeRecord, { liveness: b }: NodeRecord): number {
  return (
    ascending(a.activeOperations, b.activeOperations) ||
    ascending(a.cpuPercent, b.cpuPercent) ||
    ascending(a.memoryPercent, b.memoryPercent)
  );
}

function ascending(a: number | null, b: number | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return a - b;
}

/** Two requests that ask for the same, in whatever spelling and order, share their turns. */
function identity({ names: [first, ...others], types, range }: DiscoveryRequest, limit: number | null | undefined): string {
  const more = others.map(({ canonical }) => canonical).sort();
  return JSON.stringify([
    first.canonical,
    more,
    types === null ? null : types.canonical().sort(),
    range?.toString() ?? null,
    limit ?? null,
  ]);
}
