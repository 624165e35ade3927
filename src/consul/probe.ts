import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { messageOf } from '../errors.ts';
import type { HealthProbe, ObservedCheck, ServiceCheck } from '../registry/ports.ts';
import { checkOutput } from './cut-text.ts';

export interface ProbeOptions {
  /** Milliseconds for one probe, connecting included. */
  readonly timeout: number;
  /** Whether this gateway may reach the URL (`tcp://host:port` for a TCP check). Default: all. */
  readonly allowed?: (url: string) => boolean;
}

/** Bytes of an unhealthy answer that are read for the reason. */
const EXCERPT_BYTES = 512;

/**
 * Tries a node's endpoint once, judging as Consul does: 2xx passing, 429 warning, anything else critical; a TCP endpoint passes when it
 * accepts. Redirects are not followed. The caller bounds how many run at once.
 */
export class EndpointProbe implements HealthProbe {
  readonly #timeout: number;
  readonly #allowed: (url: string) => boolean;
  // A probe is one request to one node: connections kept open would only add up.
  readonly #dispatcher = new Agent({ pipelining: 0 });

  constructor({ timeout, allowed = () => true }: ProbeOptions) {
    this.#timeout = timeout;
    this.#allowed = allowed;
  }

  async probe(check: ServiceCheck): Promise<ObservedCheck | null> {
    if (check.kind === 'none') return null;
    const url = check.kind === 'http' ? check.url : `tcp://${check.host}:${check.port}`;
    if (!this.#allowed(url)) return critical(`${url} is outside the endpoints that this gateway may reach (ENDPOINT_ALLOW)`);
    const signal = AbortSignal.timeout(this.#timeout);
    try {
      return check.kind === 'http' ? await this.#get(url, signal) : await reach(check.host, check.port, signal);
    } catch (error) {
      return critical(`${url}: ${signal.aborted ? `no answer within ${this.#timeout} ms` : messageOf(error)}`);
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #get(url: string, signal: AbortSignal): Promise<ObservedCheck> {
    const { statusCode, body } = await request(url, {
      dispatcher: this.#dispatcher,
      signal,
      headers: { 'user-agent': 'discovery-gateway' },
    });
    const said = `HTTP GET ${url}: ${statusCode}`;
    if (statusCode >= 200 && statusCode < 300) {
      // The status is the answer. Destroying the body reports itself as an error on it, which nobody else hears.
      body.on('error', () => undefined).destroy();
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

function reach(host: string, port: number, signal: AbortSignal): Promise<ObservedCheck> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
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
