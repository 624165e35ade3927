import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import type { NodeRecord } from './node-record.ts';
import type { Clock, ObservedCheck } from './ports.ts';
import { afterProbe, successesNeeded, type Trial, UNTRIED } from './trial.ts';
import type { RegistryView } from './view.ts';

/** What was found so long ago says nothing any more: Consul's own check has run since. Milliseconds. */
const LAPSE = 120_000;

/** Why an instance is left out of the answers of this gateway, though Consul calls it passing. Times are milliseconds since 1970. */
export interface Ejection {
  readonly since: number;
  /** What the last failed probe found. */
  readonly error: string;
  /** Failed probes in a row; 0 while it recovers. */
  readonly failures: number;
  /** Passing probes in a row that it still needs. */
  readonly successesNeeded: number;
}

export interface EjectionsParts {
  readonly view: RegistryView;
  readonly now: Clock;
  /** A clock that nobody sets, milliseconds. */
  readonly monotonic: () => number;
  readonly log: Log;
}

interface Case {
  /** The registration that this is about. */
  readonly life: string;
  readonly trial: Trial;
  readonly error: string;
  readonly probedAt: number;
}

/**
 * The instances that this gateway's own probes put out of its answers. In memory, and of this gateway alone: Consul, Postgres and the change
 * log know nothing of it. Another registration of the node (a new life, other content) begins anew, and what Consul itself holds critical
 * is Consul's. Of a service at most half of the instances that Consul calls passing are out, but always one may be; of more that fail,
 * those are out that have failed the longest. So a gateway that reaches nobody, because its own network is broken, keeps half its answers.
 */
export class Ejections {
  readonly #parts: EjectionsParts;
  /** Only instances that failed lately: none, mostly. */
  readonly #cases = new Map<NodeId, Case>();
  #out: ReadonlyMap<NodeId, number> = new Map();
  #heldBack: ReadonlySet<NodeId> = new Set();
  /** The registry changed since who is out was worked out. */
  #isOld = false;
  readonly #listeners = new Set<() => void>();
  #total = 0;

  constructor(parts: EjectionsParts) {
    this.#parts = parts;
    parts.view.onChange(() => {
      this.#isOld = true;
    });
  }

  /** On the path of every answer. */
  has(nodeId: NodeId): boolean {
    if (this.#cases.size === 0) return false;
    if (this.#isOld) this.#workOut();
    return this.#out.has(nodeId);
  }

  of(nodeId: NodeId): Ejection | null {
    if (!this.has(nodeId)) return null;
    const [found, since] = [this.#cases.get(nodeId), this.#out.get(nodeId)];
    if (found === undefined || since === undefined) return null;
    const { trial, error } = found;
    return { since, error, failures: trial.failures, successesNeeded: successesNeeded(trial) - trial.successes };
  }

  /** Whether it fails, be it out or held back. */
  isFailing(nodeId: NodeId): boolean {
    return this.#cases.get(nodeId)?.trial.failingSince != null;
  }

  /** Whether it failed twice and has not recovered, be it out or held back. */
  isConvicted(nodeId: NodeId): boolean {
    return this.#cases.get(nodeId)?.trial.isOut === true;
  }

  size(): number {
    return this.#current().size;
  }

  /** Instances that fail and are in the answers all the same, since half of their service is out already. */
  heldBack(): number {
    this.#current();
    return this.#heldBack.size;
  }

  /** Instances put out since the start. */
  total(): number {
    return this.#total;
  }

  /** What a probe of the node, as it stood when the probe began, found. */
  record(node: NodeRecord, { status, output }: ObservedCheck): void {
    const { view, monotonic } = this.#parts;
    const { nodeId } = node;
    const [life, now] = [lifeOf(node), view.get(nodeId)];
    if (now === undefined || lifeOf(now) !== life) return;
    const before = this.#cases.get(nodeId);
    if (before === undefined && status !== 'critical') return;
    const at = monotonic();
    const trial = afterProbe(before?.life === life ? before.trial : UNTRIED, status, at);
    if (trial === UNTRIED) this.#cases.delete(nodeId);
    else this.#cases.set(nodeId, { life, trial, error: status === 'critical' ? output : (before?.error ?? ''), probedAt: at });
    if ((before?.trial.isOut ?? false) !== trial.isOut) this.#workOut();
  }

  /** The node started again: nothing is known against this life of it. */
  forgive(nodeId: NodeId): void {
    if (this.#cases.delete(nodeId)) this.#workOut();
  }

  /** Forgets what was found too long ago. */
  lapse(): void {
    const before = this.#parts.monotonic() - LAPSE;
    let hasLapsed = false;
    for (const [nodeId, { probedAt }] of this.#cases) {
      if (probedAt < before) hasLapsed = this.#cases.delete(nodeId) || hasLapsed;
    }
    if (hasLapsed) this.#workOut();
  }

  /** Calls back after every change of who is out. Returns how to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #current(): ReadonlyMap<NodeId, number> {
    if (this.#isOld) this.#workOut();
    return this.#out;
  }

  #workOut(): void {
    const { view, now } = this.#parts;
    this.#isOld = false;
    const convicted = new Map<string, Convicted[]>();
    for (const [nodeId, { life, trial }] of this.#cases) {
      const node = view.get(nodeId);
      if (node === undefined || !view.isFit(node) || lifeOf(node) !== life) this.#cases.delete(nodeId);
      else if (trial.isOut && trial.failingSince !== null) {
        const ofService = convicted.get(node.serviceName) ?? [];
        ofService.push({ nodeId, failingSince: trial.failingSince });
        convicted.set(node.serviceName, ofService);
      }
    }
    const out = new Map<NodeId, number>();
    const heldBack = new Set<NodeId>();
    for (const [serviceName, ofService] of convicted) {
      const room = mostOut(view.fitOfService(serviceName));
      ofService.sort((a, b) => a.failingSince - b.failingSince || (a.nodeId < b.nodeId ? -1 : 1));
      for (const [index, { nodeId }] of ofService.entries()) {
        if (index < room) out.set(nodeId, this.#out.get(nodeId) ?? now());
        else heldBack.add(nodeId);
      }
    }
    const [outBefore, heldBefore] = [this.#out, this.#heldBack];
    this.#out = out;
    this.#heldBack = heldBack;
    this.#tell(outBefore, heldBefore);
  }

  #tell(outBefore: ReadonlyMap<NodeId, number>, heldBefore: ReadonlySet<NodeId>): void {
    const { view, log } = this.#parts;
    const aboutOf = (nodeId: NodeId) => ({ nodeId, serviceName: view.get(nodeId)?.serviceName, error: this.#cases.get(nodeId)?.error });
    let hasChanged = false;
    for (const nodeId of this.#out.keys()) {
      if (outBefore.has(nodeId)) continue;
      hasChanged = true;
      this.#total += 1;
      log.warn(aboutOf(nodeId), 'left out of the answers: its endpoint does not answer, will probe it until it does');
    }
    for (const nodeId of outBefore.keys()) {
      if (this.#out.has(nodeId)) continue;
      hasChanged = true;
      log.info({ nodeId, serviceName: view.get(nodeId)?.serviceName }, 'no longer left out of the answers');
    }
    for (const nodeId of this.#heldBack) {
      if (heldBefore.has(nodeId)) continue;
      log.warn(aboutOf(nodeId), 'its endpoint does not answer, but half of its service is left out already: stays in the answers');
    }
    if (hasChanged) for (const listener of this.#listeners) listener();
  }
}

interface Convicted {
  readonly nodeId: NodeId;
  readonly failingSince: number;
}

/** Of so many instances that Consul calls passing: never more than half, but always one. */
export function mostOut(instances: number): number {
  return Math.max(1, Math.floor(instances / 2));
}

/** Tells one registration of a node from another: a new life, or other content. */
function lifeOf({ contentHash, consulServiceId, registeredAt, accepted }: NodeRecord): string {
  return `${contentHash} ${consulServiceId} ${registeredAt} ${accepted.epoch}`;
}
