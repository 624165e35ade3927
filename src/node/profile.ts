import type { ReportedHealth } from '../events/announcement.ts';
import type { JsonObject } from '../events/json.ts';
import { messageOf } from './error-message.ts';
import type { Identity } from './identity.ts';
import type { NodeLogger } from './node-logger.ts';
import { operationsOf } from './operations.ts';
import type { Capabilities, Endpoints, NodeIntrospectionOptions } from './options.ts';
import { resourceLimits } from './resources.ts';
import { type Supplied, Supply } from './supply.ts';
import type { Workload } from './workload.ts';

const CACHE_TTL = 60_000;
const STATE_CACHE_TTL = 30_000;

/** Keys of `capabilities` that describe the node and are no capability's name. */
const DESCRIPTORS: ReadonlySet<string> = new Set([
  'node_type',
  'node_version',
  'fsm_states',
  'supported_operations',
  'performance',
  'resource_limits',
  'service_integration',
  'config',
  'feature_flags',
  'method_signatures',
  'attributes',
]);

/** What a node says about itself, gathered from what was given and what functions supply. */
export class NodeProfile {
  readonly #identity: Identity;
  readonly #options: NodeIntrospectionOptions;
  readonly #workload: Workload;
  readonly #logger: NodeLogger;
  readonly #capabilities: Supply<Capabilities>;
  readonly #operations: Supply<readonly string[]>;
  readonly #fsmStates: Supply<readonly string[] | JsonObject>;
  readonly #endpoints: Supply<Endpoints>;
  readonly #configuration: Supply<JsonObject>;
  readonly #currentState: Supply<string | JsonObject>;

  constructor(identity: Identity, options: NodeIntrospectionOptions, workload: Workload, logger: NodeLogger, now: () => number) {
    this.#identity = identity;
    this.#options = options;
    this.#workload = workload;
    this.#logger = logger;
    const { target, cacheTtl = CACHE_TTL, stateCacheTtl = STATE_CACHE_TTL } = options;
    const supply = <T>(name: string, source: Supplied<T>, ttl = cacheTtl) =>
      new Supply(source, {
        name,
        ttl,
        now,
        onError: (error) => logger.warn({ error: messageOf(error) }, `${name} could not be read: what was last known is announced`),
      });
    const operations = options.operations ?? (target === undefined ? [] : () => operationsOf(target));
    this.#capabilities = supply<Capabilities>('capabilities', options.capabilities ?? []);
    this.#operations = supply<readonly string[]>('operations', operations);
    this.#fsmStates = supply<readonly string[] | JsonObject>('fsmStates', options.fsmStates ?? []);
    this.#endpoints = supply<Endpoints>('endpoints', checkedEndpoints(options.endpoints ?? {}));
    this.#configuration = supply<JsonObject>('configuration', options.configuration ?? {});
    this.#currentState = supply<string | JsonObject>('currentState', options.currentState ?? 'active', stateCacheTtl);
  }

  setCapabilities(capabilities: Supplied<Capabilities>): void {
    this.#capabilities.set(capabilities);
  }

  setEndpoints(endpoints: Supplied<Endpoints>): void {
    this.#endpoints.set(checkedEndpoints(endpoints));
  }

  setConfiguration(configuration: Supplied<JsonObject>): void {
    this.#configuration.set(configuration);
  }

  endpoints(fresh: boolean): Promise<Endpoints> {
    return this.#endpoints.get(fresh);
  }

  /** The announced structure: what was given, beside it operations, states of the state machine, performance and resource limits. */
  async capabilities(fresh: boolean): Promise<JsonObject> {
    const [given, operations, fsmStates] = await Promise.all([
      this.#capabilities.get(fresh),
      this.#operations.get(fresh),
      this.#fsmStates.get(fresh),
    ]);
    const supported = [...operations];
    let named: JsonObject;
    if (isList(given)) {
      // A capability that is called like a descriptor would be taken for one: it is listed among the operations, where any name counts.
      supported.push(...given.filter((name) => DESCRIPTORS.has(name)));
      named = Object.fromEntries(given.filter((name) => !DESCRIPTORS.has(name)).map((name) => [name, true]));
    } else {
      named = given;
    }
    const limits = this.#options.resourceLimits ?? true;
    return present({
      node_type: this.#identity.nodeType,
      node_version: this.#identity.nodeVersion,
      fsm_states: isList(fsmStates) ? (fsmStates.length === 0 ? undefined : { supported_states: fsmStates }) : fsmStates,
      supported_operations: supported.length === 0 ? undefined : [...new Set(supported)],
      performance: this.#workload.performance() ?? undefined,
      resource_limits: limits === true ? resourceLimits() : limits === false ? undefined : limits,
      ...named,
    });
  }

  /** What the health function says now; undefined where there is none. */
  async health(): Promise<ReportedHealth | undefined> {
    if (this.#options.health === undefined) return undefined;
    try {
      return await this.#options.health();
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'the health function failed: the node reports unhealthy');
      return 'unhealthy';
    }
  }

  /** The part whose change is worth an announcement, with the names of the wire. `fresh` asks every function again. */
  async content(fresh: boolean): Promise<JsonObject> {
    const [capabilities, endpoints, configuration] = await Promise.all([
      this.capabilities(fresh),
      this.endpoints(fresh),
      this.#configuration.get(fresh),
    ]);
    const { nodeTtlHours } = this.#options;
    const settings = nodeTtlHours === undefined ? configuration : { ...configuration, node_ttl_hours: nodeTtlHours };
    return present({
      capabilities,
      endpoints: Object.keys(endpoints).length === 0 ? undefined : endpoints,
      configuration: Object.keys(settings).length === 0 ? undefined : settings,
    });
  }

  /** All that the node says about itself. */
  async data(fresh: boolean): Promise<JsonObject> {
    const [content, state, health] = await Promise.all([
      this.content(fresh),
      this.#currentState.get(fresh),
      // The health is newer than the cached state around it: an old one would overrule the last heartbeat.
      this.health(),
    ]);
    const { nodeId, nodeType, nodeName, nodeVersion, serviceName, nodeRole, instanceId, networkId, deploymentId } = this.#identity;
    return present({
      node_id: nodeId,
      node_name: nodeName,
      node_type: nodeType,
      node_version: nodeVersion,
      service_name: serviceName,
      node_role: nodeRole,
      instance_id: instanceId,
      ...content,
      current_state: present({
        uptime_seconds: this.#workload.uptimeSeconds(),
        health_status: health,
        ...(typeof state === 'string' ? { status: state } : state),
      }),
      metadata: this.#options.metadata,
      network_id: networkId,
      deployment_id: deploymentId,
    });
  }
}

/** Throws RangeError, or makes the supplier throw it, for an endpoint with which the gateway would reject the whole announcement. */
function checkedEndpoints(endpoints: Supplied<Endpoints>): Supplied<Endpoints> {
  if (typeof endpoints === 'function') return async () => check(await endpoints());
  return check(endpoints);
}

function check(endpoints: Endpoints): Endpoints {
  for (const [name, url] of Object.entries(endpoints)) {
    if (!URL.canParse(url)) throw new RangeError(`the endpoint "${name}" is "${url}", which is not a URL such as http://10.0.0.7:8080/api`);
  }
  return endpoints;
}

function isList(value: readonly string[] | JsonObject): value is readonly string[] {
  return Array.isArray(value);
}

/** Without the fields that are undefined. */
function present(fields: { readonly [key: string]: JsonObject[string] | undefined }): JsonObject {
  const kept: [string, JsonObject[string]][] = [];
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept.push([key, value]);
  return Object.fromEntries(kept);
}
