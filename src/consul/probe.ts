import { connect, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { messageOf } from '../errors.ts';
import { EndpointRules } from '../events/endpoint-rules.ts';
import type { HealthProbe, ObservedCheck, ServiceCheck } from '../registry/ports.ts';
import { checkOutput } from './cut-text.ts';
import { guardedLookup, type Resolve } from './guarded-lookup.ts';

export interface ProbeOptions {
  /** Milliseconds for one probe, connecting included. */
  readonly timeout: number;
  /** What this gateway may reach, by name and by what the name resolves to. Default: all. */
  readonly rules?: EndpointRules;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /**
   * Keep connections open for some seconds: services behind one host, and short intervals, are probed over the same. Not longer, or those of
   * 20,000 nodes would add up. Default: each probe connects anew, as Consul's own do, which shows that a new client gets in.
   */
  readonly keepAlive?: boolean;
}

/** How long a connection is kept. Milliseconds. */
const KEPT = 4000;
/** Bytes of a healthy answer that are read. */
const READ_ANSWER = 16 * 1024;

/** Bytes of an unhealthy answer that are read for the reason. */
const EXCERPT_BYTES = 512;

/**
 * Tries a node's endpoint once, judging as Consul does: 2xx passing, 429 warning, anything else critical; a TCP endpoint passes when it
 * accepts. Redirects are not followed. The caller bounds how many run at once.
 */
export class EndpointProbe implements HealthProbe {
  readonly #timeout: number;
  readonly #rules: EndpointRules;
  readonly #lookup: LookupFunction;
  readonly #dispatcher: Agent;
  readonly #kept: Agent | null;

  constructor({ timeout, rules = new EndpointRules(['*']), resolve, keepAlive = false }: ProbeOptions) {
    this.#timeout = timeout;
    this.#rules = rules;
    this.#lookup = guardedLookup(rules, resolve);
    // As Consul does it: a connection kept open says nothing of whether a new client gets in, and to thousands of nodes they would add up.
    this.#dispatcher = new Agent({ pipelining: 0, connect: { lookup: this.#lookup } });
    this.#kept = keepAlive ? new Agent({ keepAliveTimeout: KEPT, keepAliveMaxTimeout: KEPT, connect: { lookup: this.#lookup } }) : null;
  }

  async probe(check: ServiceCheck): Promise<ObservedCheck | null> {
    if (check.kind === 'none') return null;
    const url = check.kind === 'http' ? check.url : `tcp://${check.host}:${check.port}`;
    const signal = AbortSignal.timeout(this.#timeout);
    try {
      const refused = this.#refusal(check);
      if (refused !== null) return critical(`${url} ${refused}`);
      return check.kind === 'http' ? await this.#ask(url, signal) : await reach(check.host, check.port, this.#lookup, signal);
    } catch (error) {
      return critical(`${url}: ${signal.aborted ? `no answer within ${this.#timeout} ms` : messageOf(error)}`);
    }
  }

  mayReach(check: ServiceCheck): boolean {
    return check.kind !== 'none' && this.#refusal(check) === null;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#dispatcher.destroy(), this.#kept?.destroy()]);
  }

  #refusal(check: Exclude<ServiceCheck, { kind: 'none' }>): string | null {
    return check.kind === 'http' ? this.#rules.refusal(new URL(check.url)) : this.#rules.hostRefusal(check.host);
  }

  async #ask(url: string, signal: AbortSignal): Promise<ObservedCheck> {
    if (this.#kept === null) return this.#get(url, this.#dispatcher, signal);
    return this.#get(url, this.#kept, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      // It may have been closed in the moment in which it was used again, which says nothing of the node.
      return this.#get(url, this.#dispatcher, signal);
    });
  }

  async #get(url: string, dispatcher: Agent, signal: AbortSignal): Promise<ObservedCheck> {
    const { statusCode, body } = await request(url, {
      dispatcher,
      signal,
      headers: { 'user-agent': 'discovery-gateway' },
    });
    const said = `HTTP GET ${url}: ${statusCode}`;
    if (statusCode >= 200 && statusCode < 300) {
      // The status is the answer. The rest is read, as far as it is short, so that the connection ends, or can be kept, in order: breaking it
      // off costs an error with its stack at every probe. An endless one is given up on with the time of the probe.
      void body.dump({ limit: READ_ANSWER, signal }).catch(() => undefined);
      return { status: 'passing', output: checkOutput(said) };
    }
    const output = checkOutput(`${said}: ${await excerpt(body)}`);
    return { status: statusCode === 429 ? 'warning' : 'critical', output };
  }
}

async function excerpt(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= EXCERPT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString();
}

function reach(host: string, port: number, lookup: LookupFunction, signal: AbortSignal): Promise<ObservedCheck> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve({ status: 'passing', output: `TCP connect ${host}:${port}: Success` });
    });
  });
}

function critical(output: string): ObservedCheck {
  return { status: 'critical', output: checkOutput(output) };
}
