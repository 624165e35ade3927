import type { NodeId } from '../events/node-id.ts';
import type { Discovery } from './discovery.ts';
import type { DiscoveryRequest, RequestedName } from './discovery-request.ts';
import type { Ejection } from './ejections.ts';
import { summaryOf } from './explanation-summary.ts';
import type { NameKind } from './name-directory.ts';
import { canonicalName } from './names.ts';
import type { NodeRecord } from './node-record.ts';
import { SUGGESTION_BUDGET, type Suggestion, suggest } from './suggestions.ts';
import type { RegistryView } from './view.ts';
import {
  listReasons,
  type MatchedRequest,
  matchRequest,
  type Reasons,
  reasonsAgainst,
  WITHHELD_REASONS,
  type WithheldReason,
} from './withheld.ts';
import { sentenceAgainst, sinceWhen } from './withheld-sentence.ts';

/** A name of the request, and what it was taken for. */
export interface ExplainedName extends RequestedName {
  /** Empty: no REGISTERED node has it. */
  readonly kinds: readonly NameKind[];
  /** REGISTERED nodes that answer to it. */
  readonly registered: number;
}

/** A node that has what was asked for, or some of it, and is not handed out. */
export interface WithheldNode {
  readonly node: NodeRecord;
  readonly reason: WithheldReason;
  /** What else stands against it. */
  readonly otherReasons: readonly WithheldReason[];
  /** Milliseconds since 1970, at the latest; null where it was so all along. */
  readonly since: number | null;
  readonly sentence: string;
}

/** For so many unknown names, and as many unknown types, near ones are looked for. */
const UNKNOWN_NAMES = 3;
/** Node names last: there is one for every node. */
const SUGGESTED_KINDS = ['CAPABILITY', 'SERVICE_NAME', 'NODE_TYPE', 'NODE_NAME'] as const satisfies readonly NameKind[];

/** The same reasons, and how many nodes they stand against. */
interface Verdict {
  readonly first: WithheldReason;
  readonly others: readonly WithheldReason[];
  /** Those that lack least come first, then those of earlier reasons. */
  readonly rank: number;
  nodes: number;
}

interface Candidate {
  readonly node: NodeRecord;
  readonly verdict: Verdict;
  readonly ejection: Ejection | null;
}

/** Why a request is answered as it is, from memory. What costs is computed when it is asked for. */
export class DiscoveryExplanation {
  readonly #view: RegistryView;
  readonly #request: MatchedRequest;
  /** Nodes in whatever state that have any of the names in any way, and something against them. */
  readonly #candidates: Candidate[] = [];
  readonly #verdicts = new Map<Reasons, Verdict>();
  #suggestions: readonly Suggestion[] | undefined;
  #handedOut = 0;
  readonly names: readonly ExplainedName[];

  constructor(view: RegistryView, discovery: Discovery, request: DiscoveryRequest) {
    this.#view = view;
    this.#request = matchRequest(view, request);
    this.names = this.#request.names.map(({ asked, canonical, kinds, nodes }) => ({ asked, canonical, kinds, registered: nodes.size }));
    const canonical = request.names.map((name) => name.canonical);
    for (const directory of [view.registered, view.departed]) {
      for (const id of directory.any(...canonical)) this.#judge(id, discovery);
    }
  }

  /** Nodes that healthyServices hands out to who asks this. */
  get handedOut(): number {
    return this.#handedOut;
  }

  /** As they were asked for; null where all will do. */
  get types(): readonly string[] | null {
    return this.#request.types?.asked() ?? null;
  }

  /** As semver understood it; null where all will do. */
  get versionRange(): string | null {
    return this.#request.range?.toString() ?? null;
  }

  get withheldCount(): number {
    return this.#candidates.length;
  }

  /** How many there are by their (first) reason, in the order of {@link WITHHELD_REASONS}; reasons of none are left out. */
  counts(): readonly { readonly reason: WithheldReason; readonly nodes: number }[] {
    const verdicts = [...this.#verdicts.values()];
    return WITHHELD_REASONS.map((reason) => ({
      reason,
      nodes: verdicts.reduce((sum, { first, nodes }) => sum + (first === reason ? nodes : 0), 0),
    })).filter(({ nodes }) => nodes > 0);
  }

  /** The ones that lack least first, then by reason, then by node id. */
  withheld(first: number): WithheldNode[] {
    return least(this.#candidates, first).map(({ node, ejection, verdict: { first: reason, others: otherReasons } }) => ({
      node,
      reason,
      otherReasons,
      since: reason === 'EJECTED' && ejection !== null ? ejection.since : sinceWhen(this.#view, node, reason),
      sentence: sentenceAgainst(this.#view, node, ejection, this.#request, reason),
    }));
  }

  /** Names that exist, near those that do not: for the first three names, and the first three types. */
  suggestions(first: number): readonly Suggestion[] {
    this.#suggestions ??= [...this.#nearest()];
    return this.#suggestions.slice(0, first);
  }

  summary(): string {
    return summaryOf(this, this.unknownTypes());
  }

  /** Types of the request that no REGISTERED node is of. */
  unknownTypes(): readonly string[] {
    return (this.types ?? []).filter((type) => this.#view.registered.named('NODE_TYPE', type).size === 0);
  }

  /** Whoever asks why is not about to call anybody: nobody is probed for it. */
  #judge(id: NodeId, discovery: Discovery): void {
    const node = this.#view.at(id);
    if (node === undefined) return;
    const ejection = discovery.ejection(id);
    const reasons = reasonsAgainst(this.#view, node, ejection, this.#request);
    const verdict = this.#verdicts.get(reasons) ?? this.#firstOf(reasons);
    if (verdict === null) {
      this.#handedOut += 1;
      return;
    }
    verdict.nodes += 1;
    this.#candidates.push({ node, verdict, ejection });
  }

  #firstOf(reasons: Reasons): Verdict | null {
    const [first, ...others] = listReasons(reasons);
    if (first === undefined) return null;
    const verdict = { first, others, rank: others.length * WITHHELD_REASONS.length + WITHHELD_REASONS.indexOf(first), nodes: 0 };
    this.#verdicts.set(reasons, verdict);
    return verdict;
  }

  *#nearest(): Generator<Suggestion> {
    const budget = { left: SUGGESTION_BUDGET };
    const unknown = this.names.filter(({ registered }) => registered === 0);
    for (const name of unknown.slice(0, UNKNOWN_NAMES)) yield* suggest(this.#view, name, SUGGESTED_KINDS, budget);
    for (const type of this.unknownTypes().slice(0, UNKNOWN_NAMES)) {
      yield* suggest(this.#view, { asked: type, canonical: canonicalName(type) }, ['NODE_TYPE'], budget);
    }
  }
}

/** The first `count` in order, without sorting all 10,000 of them. */
function least(candidates: readonly Candidate[], count: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of candidates) {
    const last = kept.at(-1);
    if (kept.length === count && (last === undefined || compare(candidate, last) > 0)) continue;
    let place = kept.length;
    for (let before = kept[place - 1]; before !== undefined && compare(candidate, before) < 0; before = kept[place - 1]) place -= 1;
    kept.splice(place, 0, candidate);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

function compare(a: Candidate, b: Candidate): number {
  return a.verdict.rank - b.verdict.rank || (a.node.nodeId < b.node.nodeId ? -1 : 1);
}
