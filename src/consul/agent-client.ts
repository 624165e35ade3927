import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Consul from 'consul';
import type { ConsulConfig } from '../config/consul.ts';

/** A request below the methods of the npm client, as its base (papi) takes it. */
interface RawRequest {
  readonly name: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout: number;
  readonly type?: 'json';
  readonly body?: unknown;
}

/** Where the Consul agent is and how to authenticate. */
export type AgentAddress = Pick<ConsulConfig, 'host' | 'port' | 'token' | 'secure' | 'caFile'>;

/** Which connections a client keeps open. */
export interface ConnectionOptions {
  readonly maxSockets: number;
  /** Called when a connection ended, whoever ended it. */
  readonly onDisconnect?: () => void;
}

/**
 * The npm client, with keep-alive connections of its own, the one endpoint it lacks, and the one whose types it has wrong. `health by id`
 * is what lets a registration look before it writes: 10,000 reads/s at 1,000 services on the agent, where the npm client's filtered lists
 * manage 800.
 */
export class AgentClient extends Consul {
  // The HTTP methods of the client's base exist at run time only: the package's types leave them out.
  declare readonly _get: (request: RawRequest) => Promise<unknown>;
  declare readonly _put: (request: RawRequest) => Promise<unknown>;
  readonly #headers: Readonly<Record<string, string>>;

  /** Throws when the CA file cannot be read. */
  constructor(address: AgentAddress, connections: ConnectionOptions) {
    super({
      host: address.host,
      port: address.port,
      secure: address.secure,
      agent: connectionsTo(address, connections),
      ...(address.token === null ? {} : { defaults: { token: address.token } }),
    });
    this.#headers = address.token === null ? {} : { 'x-consul-token': address.token };
  }

  /** `GET /v1/agent/health/service/id/:id`. Rejects for every status but 2xx; 429, 503 and 404 carry a body that says more. */
  healthById(id: string, timeout: number): Promise<unknown> {
    return this._get({
      name: 'agent.health.service',
      path: '/agent/health/service/id/{id}',
      params: { id },
      headers: this.#headers,
      timeout,
    });
  }

  /** `PUT /v1/txn`. Rejects for every status but 2xx; a 409 carries a body that says which operations were in the way. */
  transact(operations: readonly unknown[], timeout: number): Promise<unknown> {
    return this._put({ name: 'txn', path: '/txn', params: {}, headers: this.#headers, type: 'json', body: operations, timeout });
  }
}

function connectionsTo(address: AgentAddress, { maxSockets, onDisconnect }: ConnectionOptions): http.Agent {
  const options = { keepAlive: true, maxSockets };
  const agent = address.secure
    ? new https.Agent({ ...options, ...(address.caFile === null ? {} : { ca: readFileSync(address.caFile) }) })
    : new http.Agent(options);
  if (onDisconnect === undefined) return agent;
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target, callback) => {
    const socket = connect(target, callback);
    socket?.once('close', onDisconnect);
    return socket;
  };
  return agent;
}
