import { z } from 'zod';
import type { ConsulConfig } from '../config/consul.ts';
import { RefusedError, TakenError } from '../errors.ts';
import type { NodeContent } from '../events/announcement.ts';
import type {
  CatalogEntry,
  ObservedCheck,
  OwnedService,
  ProbedStatus,
  ServiceCatalog,
  ServiceDefinition,
  Standing,
} from '../registry/ports.ts';
import { AgentClient } from './agent-client.ts';
import { entryOnAgent } from './catalog-entry.ts';
import { planCheck } from './check-plan.ts';
import { followChecks } from './check-watch.ts';
import { answerIn } from './consul-error.ts';
import { calling, withTimeout } from './deadline.ts';
import { goDuration, hostAndPort } from './go-values.ts';
import { ownerNote } from './owner-note.ts';
import { define, nodeIdIn } from './service-definition.ts';
import { apartId } from './service-id.ts';
import { readStanding, type StandingService } from './standing-service.ts';

/** Of the 200 connections that an agent allows one client address; its register rate is flat from 32 on. */
const MAX_SOCKETS = 32;

const DEFAULT_DEADLINE = 3000;

/** Milliseconds for the list of all own services: 10,000 of them are some 15 MB. */
const LIST_DEADLINE = 15_000;

export interface AgentCatalogOptions {
  readonly config: ConsulConfig;
  /** The owner mark. Asked for when it is needed: it is known once the database is migrated. */
  readonly registryId: () => string;
  /** From 0 to below 1; spreads the retries of several gateways. Default: Math.random. */
  readonly random?: () => number;
  /** Milliseconds that one register, deregister or exists may take: node locks in Postgres are held meanwhile. Default: 3,000. */
  readonly deadline?: number;
}

const services = z.record(z.string(), z.object({ ID: z.string(), Meta: z.record(z.string(), z.string()).nullish() }));

const selfSchema = z.object({ Config: z.object({ NodeName: z.string() }) });

/** Services and checks on one configured agent, which runs the checks itself. */
export class AgentCatalog implements ServiceCatalog {
  /** Each is a call of its own, and the slowest holds up the others. */
  readonly together = 8;
  readonly #config: ConsulConfig;
  readonly #registryId: () => string;
  readonly #random: () => number;
  readonly #deadline: number;
  readonly #client: AgentClient;

  /** Throws when the CA file cannot be read. Opens connections only when used. */
  constructor({ config, registryId, random = Math.random, deadline = DEFAULT_DEADLINE }: AgentCatalogOptions) {
    this.#config = config;
    this.#registryId = registryId;
    this.#random = random;
    this.#deadline = deadline;
    this.#client = new AgentClient(config, { maxSockets: MAX_SOCKETS });
  }

  define(content: NodeContent, contentHash: string): ServiceDefinition {
    return define(content, contentHash, this.#registryId());
  }

  /**
   * Also throws TakenError when the id is taken by a service that is not this registry's, and RefusedError when it is by another node:
   * overwriting it would take somebody else's service away.
   */
  async register(service: ServiceDefinition, initial: ProbedStatus): Promise<void> {
    await calling(`register service "${service.id}"`, this.#deadline, async (left) => {
      const standing = await readStanding(this.#client, service.id, left());
      if (standing !== null) this.#refuseToOverwrite(service, standing);
      const plan = planCheck(service.id, standing?.checks ?? [], service.check, initial);
      const registration = {
        id: service.id,
        name: service.name,
        address: service.address ?? '',
        port: service.port ?? 0,
        tags: [...service.tags],
        meta: { ...service.meta },
        ...(plan.register === null ? {} : { check: this.#checkOf(service, plan.register, initial) }),
        timeout: left(),
      };
      await this.#client.agent.service.register(registration);
      for (const id of plan.drop) {
        const check = { id, timeout: left() };
        await ignoringUnknown(this.#client.agent.check.deregister(check));
      }
    });
  }

  async deregister(serviceId: string): Promise<void> {
    await calling(`deregister service "${serviceId}"`, this.#deadline, async (left) => {
      const standing = await readStanding(this.#client, serviceId, left());
      if (standing === null || !this.#isOurs(standing)) return;
      const service = { id: serviceId, timeout: left() };
      await ignoringUnknown(this.#client.agent.service.deregister(service));
    });
  }

  /** Whether the service stands under this registry's owner mark. */
  async exists(serviceId: string): Promise<boolean> {
    return calling(`look up service "${serviceId}"`, this.#deadline, async (left) => {
      const standing = await readStanding(this.#client, serviceId, left());
      return standing !== null && this.#isOurs(standing);
    });
  }

  async standing({ id, check }: ServiceDefinition): Promise<Standing> {
    return calling(`look up service "${id}"`, this.#deadline, async (left) => {
      const standing = await readStanding(this.#client, id, left());
      if (standing === null || !this.#isOurs(standing)) return 'gone';
      return check.kind === 'none' || standing.checks.length > 0 ? 'whole' : 'unchecked';
    });
  }

  /** What stands under the id on the agent, under whatever mark; null: nothing does. */
  async entry(serviceId: string): Promise<CatalogEntry | null> {
    return calling(`look at service "${serviceId}"`, this.#deadline, (left) =>
      entryOnAgent(this.#client, serviceId, () => this.nodeName(), left),
    );
  }

  async owned(): Promise<readonly OwnedService[]> {
    return calling('list the services of this registry', LIST_DEADLINE, async (left) => {
      const query = { filter: `Meta["registry_id"] == ${JSON.stringify(this.#registryId())}`, timeout: left() };
      const listed: unknown = await this.#client.agent.service.list(query);
      return Object.values(services.parse(listed)).map(({ ID: id, Meta: meta }) => ({
        id,
        nodeId: nodeIdIn(meta ?? {}) ?? '',
        contentHash: meta?.['content_hash'] ?? '',
        isMisplaced: false,
      }));
    });
  }

  async followChecks(
    onChecks: (checks: ReadonlyMap<string, ObservedCheck>, vanished: null) => void,
    onError: (error: Error) => void,
    signal: AbortSignal,
    isMisplaced?: (node: string, serviceId: string) => boolean,
  ): Promise<void> {
    const [address, registryId, random] = [this.#config, this.#registryId, this.#random];
    await followChecks({ address, registryId, random, onChecks, onError, signal, isMisplaced });
  }

  /** The catalog's name for the agent's own node. */
  async nodeName(): Promise<string> {
    return calling("say the agent's name", this.#deadline, async (left) => {
      const answer: unknown = await this.#client.agent.self(withTimeout<{ readonly token?: string }>({}, left()));
      return selfSchema.parse(answer).Config.NodeName;
    });
  }

  /** Closes the connections. Calls in flight fail. */
  close(): void {
    this.#client.destroy();
  }

  #isOurs(standing: StandingService): boolean {
    return standing.meta['registry_id'] === this.#registryId();
  }

  #refuseToOverwrite(service: ServiceDefinition, standing: StandingService): void {
    if (!this.#isOurs(standing)) {
      const owner = standing.meta['registry_id'];
      throw new TakenError(
        `The Consul service id "${service.id}" is taken by ${owner === undefined ? 'a service that no registry owns' : `registry ${owner}`}`,
        apartId(service.id, this.#registryId()),
      );
    }
    const nodeId = nodeIdIn(standing.meta);
    if (nodeId !== nodeIdIn(service.meta)) {
      throw new RefusedError('consul', `The Consul service id "${service.id}" is taken by node "${nodeId}": give this node another id`);
    }
  }

  #checkOf(service: ServiceDefinition, { id, name }: { readonly id: string; readonly name: string }, initial: ProbedStatus) {
    const { check } = service;
    return {
      checkid: id,
      name,
      notes: ownerNote(this.#registryId()),
      ...(check.kind === 'http' ? { http: check.url, disableredirects: true } : {}),
      ...(check.kind === 'tcp' ? { tcp: hostAndPort(check.host, check.port) } : {}),
      interval: goDuration(this.#config.checkInterval),
      timeout: goDuration(this.#config.checkTimeout),
      successbeforepassing: this.#config.successBeforePassing,
      failuresbeforecritical: this.#config.failuresBeforeCritical,
      deregistercriticalserviceafter: goDuration(this.#config.deregisterCriticalAfter),
      status: initial,
    };
  }
}

/** Gone already is as good as removed. */
async function ignoringUnknown(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (answerIn(error)?.status !== 404) throw error;
  });
}
