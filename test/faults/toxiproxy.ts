import { join } from 'node:path';
import { exists } from '../../src/local/cache.ts';
import { startChild } from '../../src/local/child.ts';
import { builtWithGo, goBinary } from '../../src/local/go-binary.ts';
import type { Guard } from '../../src/local/guard.ts';
import { freePort } from '../../src/local/port.ts';
import { findTool } from '../../src/local/tool.ts';
import { until } from '../until.ts';

const TOXIPROXY = {
  name: 'toxiproxy-server',
  module: 'github.com/Shopify/toxiproxy/v2',
  version: '2.5.0',
  package: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  takes: 'about 20 seconds',
};

/** What a link does to the bytes on it: a toxic of Toxiproxy with its attributes (milliseconds, bytes, KB/s). */
export interface Toxic {
  readonly type: 'latency' | 'timeout' | 'reset_peer' | 'limit_data' | 'slicer' | 'bandwidth';
  /** Towards the client, or towards the server. */
  readonly stream: 'downstream' | 'upstream';
  /** The share of connections that it meets, 0 to 1. */
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** The way from one gateway to one back end, on which connections can be cut and stalled. */
export class Link {
  readonly name: string;
  readonly port: number;
  readonly #api: string;
  #isPoisoned = false;

  constructor(name: string, port: number, api: string) {
    this.name = name;
    this.port = port;
    this.#api = api;
  }

  /** Every connection ends at once, and new ones are refused. */
  async cut(): Promise<void> {
    await call(`${this.#api}/proxies/${this.name}`, { enabled: false });
  }

  /** Every connection ends at once; new ones are taken. */
  async sever(): Promise<void> {
    await this.cut();
    await call(`${this.#api}/proxies/${this.name}`, { enabled: true });
  }

  async poison(toxic: Toxic): Promise<void> {
    this.#isPoisoned = true;
    await call(`${this.#api}/proxies/${this.name}/toxics`, { name: 'fault', ...toxic });
  }

  /** As it was at the start. Connections that a toxic stalled go on; those that it cut stay cut. */
  async heal(): Promise<void> {
    if (this.#isPoisoned) await call(`${this.#api}/proxies/${this.name}/toxics/fault`, undefined, 'DELETE');
    this.#isPoisoned = false;
    await call(`${this.#api}/proxies/${this.name}`, { enabled: true });
  }
}

/** A TCP proxy process: Shopify's Toxiproxy. */
export class Toxiproxy {
  readonly #api: string;

  private constructor(api: string) {
    this.#api = api;
  }

  /** It ends with this process. */
  static async start(folder: string, guard: Guard, taken: Set<number>): Promise<Toxiproxy> {
    const env = process.env;
    const progress = (part: string, line: string) => process.stderr.write(`${part}: ${line}\n`);
    const surroundings = { env, guard, progress, folder, temporary: true, signal: new AbortController().signal };
    const installed = findTool(TOXIPROXY.name, env);
    if (installed === null && findTool('go', env) === null && !(await exists(builtWithGo(TOXIPROXY, env)))) {
      throw new Error(`The fault runs need ${TOXIPROXY.name} on the PATH, or Go 1.22 or newer (go) to build it`);
    }
    const file = installed ?? (await goBinary(TOXIPROXY, surroundings));
    const port = await freePort(taken);
    await startChild(
      { file, args: ['-host', '127.0.0.1', '-port', String(port)], env: { ...env, LOG_LEVEL: 'error' } },
      join(folder, 'toxiproxy.log'),
      'SIGTERM',
      guard,
    );
    const api = `http://127.0.0.1:${port}`;
    await until('Toxiproxy answers', async () => (await fetch(`${api}/version`)).ok);
    return new Toxiproxy(api);
  }

  async link(name: string, port: number, upstream: number): Promise<Link> {
    await call(`${this.#api}/proxies`, { name, listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstream}`, enabled: true });
    return new Link(name, port, this.#api);
  }
}

async function call(url: string, body?: object, method = 'POST'): Promise<void> {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`Toxiproxy: ${method} ${url}: ${response.status} ${await response.text()}`);
}
