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
}

/** Follows Consul's checks: hands them to the registry in memory, and notices checks that vanished. */
export class CheckObserver {
  readonly #parts: CheckObserverParts;
  #isFailing = false;
  #checks: ReadonlyMap<string, ObservedCheck> | null = null;

  constructor(parts: CheckObserverParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { catalog, view, log, onChecks, onReturn } = this.#parts;
    return catalog.followChecks(
      (checks) => {
        this.#checks = checks;
        view.observeChecks(checks);
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

  /** Registered nodes whose check should stand in Consul but does not. Reports them. */
  lookForVanished(): void {
    const { view, now, onVanished } = this.#parts;
    const checks = this.#checks;
    if (checks === null) return;
    const vanished: NodeId[] = [];
    for (const { nodeId, state, consulServiceId, checkStatus, updatedAt } of view.values()) {
      if (state !== 'REGISTERED' || consulServiceId === null || checkStatus === null || checkStatus === 'none') continue;
      if (now() - updatedAt > SETTLING && !checks.has(consulServiceId)) vanished.push(nodeId);
    }
    onVanished(vanished);
  }
}
