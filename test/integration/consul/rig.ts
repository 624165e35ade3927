import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ConsulConfig } from '../../../src/config/consul.ts';
import { AgentCatalog } from '../../../src/consul/agent-catalog.ts';
import { ExternalCatalog } from '../../../src/consul/external-catalog.ts';
import { PlacedCatalog } from '../../../src/consul/placed-catalog.ts';
import type { NodeContent } from '../../../src/events/announcement.ts';
import { createLog } from '../../../src/log.ts';
import type { ObservedCheck, ServiceCatalog } from '../../../src/registry/ports.ts';
import { nodeContent, nodeId } from '../../unit/consul/node-content.ts';
import { sharedStack } from '../stack.ts';

export type Agent = { readonly host: string; readonly port: number };
export type Row = {
  readonly CheckID: string;
  readonly Status: string;
  readonly ServiceID: string;
  readonly Type: string;
  readonly Definition: { readonly HTTP?: string; readonly TCP?: string };
};
export type Mode = ConsulConfig['mode'];

/** Catalogs of both modes on real Consul, and the node that all their services point at. */
export class ConsulRig {
  readonly closes: (() => Promise<void> | void)[] = [];
  /** What the node answers, and how often it was asked. */
  answer = 200;
  requests = 0;
  endpoint = '';
  port = 0;
  readonly #node = createServer((request, response) => {
    this.requests += 1;
    if (request.url === '/moved') response.writeHead(302, { location: '/health' }).end();
    else response.writeHead(this.answer).end(`answer ${this.answer}`);
  });

  async start(): Promise<void> {
    this.#node.listen(0, '127.0.0.1');
    await once(this.#node, 'listening');
    const address = this.#node.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    this.endpoint = `http://127.0.0.1:${this.port}`;
  }

  /** After each test. */
  async clear(): Promise<void> {
    for (const close of this.closes.splice(0).reverse()) await close();
    this.answer = 200;
  }

  stop(): void {
    this.#node.closeAllConnections();
    this.#node.close();
  }

  catalogOn(
    mode: Mode,
    agent: Agent = sharedStack().consul,
    different: Partial<ConsulConfig> = {},
    registryId: string = randomUUID(),
  ): PlacedCatalog {
    const config = configOn(mode, agent, different);
    const options = { registryId: () => registryId, config, placement: () => config };
    const parts = { agent: new AgentCatalog(options), external: new ExternalCatalog(options) };
    const catalog = new PlacedCatalog({ ...parts, placement: () => config, log: createLog('silent', 'test') });
    this.closes.push(() => catalog.close());
    return catalog;
  }

  content(different: Partial<NodeContent> = {}): NodeContent {
    const endpoints = [{ name: 'health', url: `${this.endpoint}/health` }];
    return nodeContent({ nodeId: nodeId(randomUUID()), endpoints, address: '127.0.0.1', port: this.port, ...different });
  }

  /** Follows the checks until the test ends. */
  follow(catalog: ServiceCatalog) {
    const abort = new AbortController();
    const reports: ReadonlyMap<string, ObservedCheck>[] = [];
    const errors: Error[] = [];
    let gone: ReadonlySet<string> | null = null;
    const done = catalog.followChecks(
      (checks, vanished) => {
        reports.push(checks);
        gone = vanished;
      },
      (error) => errors.push(error),
      abort.signal,
    );
    this.closes.push(async () => {
      abort.abort();
      await done;
    });
    const now = (serviceId: string) => reports.at(-1)?.get(serviceId);
    const vanished = (): ReadonlySet<string> | null => gone;
    return { reports, errors, now, vanished };
  }
}

export const VIRTUAL_NODES = 20;

const CONFIG = {
  token: null,
  secure: false,
  caFile: null,
  virtualNodes: VIRTUAL_NODES,
  probes: 'gateway',
  probeConcurrency: 1000,
  checkInterval: 60_000,
  checkTimeout: 1000,
  successBeforePassing: 2,
  failuresBeforeCritical: 3,
  deregisterCriticalAfter: 90_000,
} as const;

export function configOn(mode: Mode, agent: Agent, different: Partial<ConsulConfig> = {}): ConsulConfig {
  return { ...CONFIG, host: agent.host, port: agent.port, mode, ...different };
}

export async function consul<T>(path: string, agent: Agent = sharedStack().consul): Promise<T> {
  const response = await fetch(`http://${agent.host}:${agent.port}/v1${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

export async function put(path: string, body: unknown): Promise<void> {
  const { host, port } = sharedStack().consul;
  const response = await fetch(`http://${host}:${port}/v1${path}`, { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** On the agent at once where it is the one that holds them: its catalog follows a moment later. */
export async function checksOf(mode: Mode, serviceId: string): Promise<readonly Row[]> {
  const filter = encodeURIComponent(`ServiceID == ${JSON.stringify(serviceId)}`);
  const path = mode === 'agent' ? `/agent/checks?filter=${filter}` : `/health/state/any?filter=${filter}`;
  return Object.values(await consul<Record<string, Row>>(path));
}

export async function statusOf(mode: Mode, serviceId: string): Promise<readonly string[]> {
  return (await checksOf(mode, serviceId)).map((check) => check.Status);
}

/** An agent says what kind a check of its own is; of one in the catalog its definition says it. */
export function kindOf({ Type: type, Definition: definition }: Row): string {
  if (type !== '') return type;
  return definition.HTTP !== undefined ? 'http' : definition.TCP !== undefined ? 'tcp' : 'none';
}
