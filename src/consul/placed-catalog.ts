import { delay } from '../delay.ts';
import type { NodeContent } from '../events/announcement.ts';
import type { Log } from '../log.ts';
import type {
  CatalogEntry,
  ObservedCheck,
  OwnedService,
  ProbedStatus,
  ServiceCatalog,
  ServiceDefinition,
  ServiceLookup,
  Standing,
} from '../registry/ports.ts';
import type { AgentCatalog } from './agent-catalog.ts';
import type { ExternalCatalog } from './external-catalog.ts';
import { isSamePlacement, type Placement } from './placement.ts';
import { Strays } from './strays.ts';

/** How soon a change of the placement is noticed. Milliseconds. */
const LOOK = 250;

export interface PlacedCatalogParts {
  readonly agent: AgentCatalog;
  readonly external: ExternalCatalog;
  /** Where all gateways of this registry keep its services now. It may change at any time. */
  readonly placement: () => Placement;
  readonly log: Log;
}

/**
 * The services where the placement says, and on their way there after it has changed. A registration puts a service where it belongs and
 * only then takes it away from wherever else it was seen, so that it stands at every moment; what nobody registers anew is reported as
 * misplaced, and the reconciler does.
 */
export class PlacedCatalog implements ServiceCatalog, ServiceLookup {
  readonly #parts: PlacedCatalogParts;
  readonly #strays = new Strays();

  constructor(parts: PlacedCatalogParts) {
    this.#parts = parts;
  }

  get together(): number {
    return this.#home().together;
  }

  define(content: NodeContent, contentHash: string): ServiceDefinition {
    return this.#home().define(content, contentHash);
  }

  async register(service: ServiceDefinition, initial: ProbedStatus): Promise<void> {
    await this.#home().register(service, initial);
    await this.#clearAway(service.id);
  }

  async deregister(serviceId: string): Promise<void> {
    await this.#home().deregister(serviceId);
    await this.#clearAway(serviceId);
  }

  async exists(serviceId: string): Promise<boolean> {
    return (await this.#home().exists(serviceId)) || (this.#strays.of(serviceId).length > 0 && (await this.#stands(serviceId)));
  }

  async standing(service: ServiceDefinition): Promise<Standing> {
    const standing = await this.#home().standing(service);
    if (standing !== 'gone') return standing;
    // Rare, and what follows from it may be the end of the node: better to look twice.
    return (await this.#stands(service.id)) ? 'misplaced' : 'gone';
  }

  async entry(serviceId: string): Promise<CatalogEntry | null> {
    const { agent, external, placement } = this.#parts;
    const onAgent = () => agent.entry(serviceId);
    const onNode = () => external.entryAt(external.homeOf(serviceId), serviceId);
    const [home, other] = placement().mode === 'agent' ? [onAgent, onNode] : [onNode, onAgent];
    const entry = (await home()) ?? (await other());
    if (entry !== null) return entry;
    for (const node of this.#strays.of(serviceId)) {
      const stray = external.isVirtual(node) ? await external.entryAt(node, serviceId) : null;
      if (stray !== null) return stray;
    }
    return null;
  }

  async owned(): Promise<readonly OwnedService[]> {
    const { agent, external, placement } = this.#parts;
    const [onAgent, onNodes] = await Promise.all([agent.owned(), external.listed()]);
    const isOnAgent = placement().mode === 'agent';
    const owned = new Map<string, OwnedService>();
    const agentNode = onAgent.length > 0 && !isOnAgent ? await agent.nodeName() : '';
    const away: (OwnedService & { readonly node: string })[] = [];
    for (const service of onAgent) {
      if (isOnAgent) owned.set(service.id, service);
      else away.push({ ...service, node: agentNode });
    }
    for (const listed of onNodes) {
      const { node, ...service } = listed;
      if (!isOnAgent && node === external.homeOf(service.id)) owned.set(service.id, service);
      else away.push(listed);
    }
    for (const { node, ...service } of away) {
      this.#strays.add(service.id, node);
      owned.set(service.id, { ...(owned.get(service.id) ?? service), isMisplaced: true });
    }
    return [...owned.values()];
  }

  async followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { placement, log } = this.#parts;
    while (!signal.aborted) {
      const current = placement();
      const round = new AbortController();
      const end = () => round.abort();
      signal.addEventListener('abort', end);
      const watch = this.#watch(current, onChecks, onError, round.signal);
      while (!round.signal.aborted && isSamePlacement(current, placement())) await delay(LOOK, round.signal);
      end();
      await watch;
      signal.removeEventListener('abort', end);
      if (!signal.aborted) {
        this.#strays.clear();
        log.warn({ from: current, to: placement() }, 'the services move to another place in Consul');
      }
    }
  }

  close(): void {
    this.#parts.agent.close();
    this.#parts.external.close();
  }

  async #watch(
    { mode }: Placement,
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: ReadonlySet<string> | null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { agent, external } = this.#parts;
    if (mode === 'catalog') {
      const onStray = (serviceId: string, node: string) => this.#strays.add(serviceId, node);
      return external.followChecks(onChecks, onError, signal, () => agent.nodeName(), onStray);
    }
    const isMisplaced = (node: string, serviceId: string) => {
      if (!external.isVirtual(node)) return false;
      this.#strays.add(serviceId, node);
      return true;
    };
    return agent.followChecks(onChecks, onError, signal, isMisplaced);
  }

  #home(): AgentCatalog | ExternalCatalog {
    const { agent, external, placement } = this.#parts;
    return placement().mode === 'agent' ? agent : external;
  }

  /** Whether the service stands anywhere. */
  async #stands(serviceId: string): Promise<boolean> {
    const { agent, external } = this.#parts;
    if ((await agent.exists(serviceId)) || (await external.exists(serviceId))) return true;
    for (const node of this.#strays.of(serviceId)) {
      if (external.isVirtual(node) && (await external.existsAt(node, serviceId))) return true;
    }
    return false;
  }

  async #clearAway(serviceId: string): Promise<void> {
    const { agent, external, placement } = this.#parts;
    for (const node of this.#strays.of(serviceId)) {
      const isHome = placement().mode === 'agent' ? !external.isVirtual(node) : node === external.homeOf(serviceId);
      if (!isHome) {
        if (external.isVirtual(node)) await external.deregisterAt(node, serviceId);
        else await agent.deregister(serviceId);
      }
      this.#strays.removed(serviceId, node);
      external.sight.cleared(serviceId);
    }
  }
}
