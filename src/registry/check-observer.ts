import type { NodeId } from '../events/node-id.ts';
import type { Log } from '../log.ts';
import type { ObservedCheck, ServiceCatalog } from './ports.ts';
import type { RegistryView } from './view.ts';

/** A check younger than this may not stand in Consul's answer yet. Milliseconds. */
const SETTLING = 2000;

export interface CheckObserverParts {
  readonly catalog: ServiceCatalog;
  readonly view: RegistryView;
  readonly now: () => number;
  readonly log: Log;
  readonly onChecks: () => void;
  /** Consul answers again after an outage. */
  readonly onReturn: () => void;
  readonly onVanished: (nodeIds: readonly NodeId[]) => void;
  /** These services stand where they are not kept any more. */
  readonly onMisplaced: (nodeIds: readonly NodeId[]) => void;
  /** Consul's agent restarted: these checks, known as not critical, have not run since. */
  readonly onUnrun: (nodeIds: readonly NodeId[]) => void;
}

/** Follows Consul's checks: hands them to the registry in memory, and notices checks that vanished. */
export class CheckObserver {
  readonly #parts: CheckObserverParts;
  #isFailing = false;
  #checks: ReadonlyMap<string, ObservedCheck> | null = null;
  #vanished: ReadonlySet<string> | null = null;
  /** Whether any of the checks alone gives cause to look at the nodes. */
  #isAnyOdd = false;
  /** Everything that stood at a time, until somebody has looked whether anything is missing in it. */
  #whole: { readonly checks: ReadonlyMap<string, ObservedCheck>; readonly at: number } | null = null;

  constructor(parts: CheckObserverParts) {
    this.#parts = parts;
  }

  /** Whether Consul's checks are in sight: otherwise nobody here knows what it holds critical. */
  isWatching(): boolean {
    return this.#checks !== null;
  }

  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { catalog, view, now, log, onChecks, onReturn } = this.#parts;
    return catalog.followChecks(
      (checks, vanished) => {
        this.#checks = checks;
        this.#vanished = vanished;
        if (vanished === null) this.#whole = { checks, at: now() };
        const told = new Map([...checks].filter(([, check]) => !hasNotRun(check)));
        this.#isAnyOdd = told.size < checks.size || [...told.values()].some(({ isMisplaced }) => isMisplaced === true);
        view.observeChecks(told);
        onChecks();
        if (this.#isFailing) {
          log.info('Consul answers again');
          onReturn();
        }
        this.#isFailing = false;
      },
      (error) => {
        if (!this.#isFailing) log.warn({ error: error.message }, 'lost sight of the checks in Consul, will look again');
        this.#isFailing = true;
        this.#checks = null;
      },
      signal,
    );
  }

  /** Reports registered nodes whose check should stand in Consul but does not, or has not run since the agent restarted. */
  look(): void {
    const { view, now, onVanished, onMisplaced, onUnrun } = this.#parts;
    const [checks, vanishedIds, whole] = [this.#checks, this.#vanished, this.#whole];
    if (checks === null) return;
    this.#whole = null;
    // Twice a second through a whole fleet for nothing would be a hundredth of a core for 40,000 nodes.
    if (!this.#isAnyOdd && whole === null && vanishedIds?.size === 0) return;
    const vanished: NodeId[] = [];
    const misplaced: NodeId[] = [];
    const unrun: NodeId[] = [];
    for (const { nodeId, state, consulServiceId, checkStatus, updatedAt } of view.values()) {
      if (state !== 'REGISTERED' || consulServiceId === null || checkStatus === null || checkStatus === 'none') continue;
      const check = checks.get(consulServiceId);
      const isMissing = vanishedIds === null && check === undefined && now() - updatedAt > SETTLING;
      const wasMissing = whole !== null && !whole.checks.has(consulServiceId) && whole.at - updatedAt > SETTLING;
      if (isMissing || wasMissing || vanishedIds?.has(consulServiceId) === true) vanished.push(nodeId);
      if (check?.isMisplaced === true && now() - updatedAt > SETTLING) misplaced.push(nodeId);
      if (check !== undefined && hasNotRun(check) && checkStatus !== 'critical') unrun.push(nodeId);
    }
    onVanished(vanished);
    onMisplaced(misplaced);
    onUnrun(unrun);
  }
}

/**
 * After an agent's restart every check of it is critical, without any output, until it runs again: up to a whole interval later (measured
 * on Consul 1.19.2). That says nothing of the node.
 */
function hasNotRun({ status, output }: ObservedCheck): boolean {
  return status === 'critical' && output === '';
}
