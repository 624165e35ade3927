import { coerce, Range, satisfies, valid, validRange } from 'semver';
import { GatewayError } from '../errors.ts';
import { canonicalName } from './names.ts';
import type { NodeRecord } from './node-record.ts';
import type { HealthyServicesQuery, Strategy } from './registry.ts';
import type { RegistryView } from './view.ts';

/** A number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/** Answers "give me a healthy service that can do X" from memory. */
export class Discovery {
  readonly #view: RegistryView;
  readonly #random: Random;
  /** How often each name was asked for in turn; bounded, since clients choose the names. */
  readonly #turns = new Map<string, number>();

  constructor(view: RegistryView, random: Random) {
    this.#view = view;
    this.#random = random;
  }

  /** Throws BAD_USER_INPUT for a version range that is none. */
  healthyServices(query: HealthyServicesQuery): readonly NodeRecord[] {
    const { types, limit } = query;
    const range = query.versionRange == null ? null : rangeOf(query.versionRange);
    const wanted = types == null ? null : new Set(types.map(canonicalName));
    const fit = this.#view
      .answering(query.capability)
      .filter(
        (node) =>
          this.#view.isFit(node) &&
          (wanted === null || wanted.has(canonicalName(node.type))) &&
          (range === null || inRange(node.version, range)),
      );
    const ordered = this.#order(fit, query.strategy ?? 'RANDOM', canonicalName(query.capability));
    return limit == null ? ordered : ordered.slice(0, limit);
  }

  #order(nodes: NodeRecord[], strategy: Strategy, name: string): NodeRecord[] {
    switch (strategy) {
      case 'RANDOM':
        return shuffle(nodes, this.#random);
      case 'ROUND_ROBIN':
        return rotate(nodes.sort(byNodeId), this.#turn(name));
      case 'LEAST_LOADED':
        return nodes.sort((a, b) => load(a) - load(b) || cpu(a) - cpu(b) || byNodeId(a, b));
      case 'FRESHEST':
        return nodes.sort((a, b) => b.liveness.lastSeenAt - a.liveness.lastSeenAt || byNodeId(a, b));
    }
  }

  #turn(name: string): number {
    const turn = this.#turns.get(name) ?? 0;
    if (this.#turns.size >= 10_000) this.#turns.clear();
    this.#turns.set(name, turn + 1);
    return turn;
  }
}

export function byNodeId(a: NodeRecord, b: NodeRecord): number {
  return a.nodeId < b.nodeId ? -1 : 1;
}

/** Nodes that report no load come after idle ones and before busy ones: nothing is known against them. */
const load = (node: NodeRecord) => node.liveness.activeOperations ?? 0.5;
const cpu = (node: NodeRecord) => node.liveness.cpuPercent ?? 0;

function rangeOf(text: string): Range {
  if (validRange(text, { loose: true }) === null) {
    throw new GatewayError('BAD_USER_INPUT', `versionRange "${text.slice(0, 100)}" is not a semver range such as ">=1.2 <2" or "^1.0.0"`);
  }
  return new Range(text, { loose: true, includePrerelease: true });
}

/** A version such as `1.0` or `v2` counts as the one it abbreviates. */
function inRange(version: string | null, range: Range): boolean {
  const exact = version === null ? null : (valid(version, { loose: true }) ?? coerce(version));
  return exact !== null && satisfies(exact, range, { includePrerelease: true });
}

function rotate(nodes: NodeRecord[], by: number): NodeRecord[] {
  const start = nodes.length === 0 ? 0 : by % nodes.length;
  return [...nodes.slice(start), ...nodes.slice(0, start)];
}

/** Fisher–Yates, in place. */
function shuffle(nodes: NodeRecord[], random: Random): NodeRecord[] {
  for (let i = nodes.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [nodes[i], nodes[j]];
    if (a === undefined || b === undefined) continue;
    nodes[i] = b;
    nodes[j] = a;
  }
  return nodes;
}
