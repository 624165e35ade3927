import { type Agent, type ClientRequest, get, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { get as getSecure, Agent as SecureAgent } from 'node:https';
import { connect, type LookupFunction } from 'node:net';
import { messageOf } from '../errors.ts';
import { EndpointRules } from '../events/endpoint-rules.ts';
import type { HealthProbe, ObservedCheck, ServiceCheck } from '../registry/ports.ts';
import { checkOutput } from './cut-text.ts';
import { guardedLookup, type Resolve } from './guarded-lookup.ts';
import { Standstills } from './standstills.ts';

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

/** One probe. */
interface Attempt {
  /** By the monotonic clock, milliseconds. Moves by what the process stands still meanwhile: the node may have answered in time. */
  deadline: number;
  /** For how long the process had stood still when the deadline was set. Milliseconds. */
  stood: number;
  /** The deadline has passed, and what was under way was ended for it. */
  isLate: boolean;
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
  readonly #kept: { readonly plain: PlainAgent; readonly secure: SecureAgent } | null;
  readonly #underWay = new Set<ClientRequest>();
  readonly #standstills = new Standstills();

  constructor({ timeout, rules = new EndpointRules(['*']), resolve, keepAlive = false }: ProbeOptions) {
    this.#timeout = timeout;
    this.#rules = rules;
    this.#lookup = guardedLookup(rules, resolve);
    const kept = { keepAlive: true, timeout: KEPT };
    this.#kept = keepAlive ? { plain: new PlainAgent(kept), secure: new SecureAgent(kept) } : null;
  }

  async probe(check: ServiceCheck): Promise<ObservedCheck | null> {
    if (check.kind === 'none') return null;
    const url = check.kind === 'http' ? check.url : `tcp://${check.host}:${check.port}`;
    const attempt: Attempt = {
      deadline: performance.now() + this.#timeout,
      stood: this.#standstills.total(),
      isLate: false,
    };
    try {
      const refused = this.#refusal(check);
      if (refused !== null) return critical(`${url} ${refused}`);
      return check.kind === 'http' ? await this.#ask(url, attempt) : await this.#reach(check.host, check.port, attempt);
    } catch (error) {
      return critical(`${url}: ${attempt.isLate ? `no answer within ${this.#timeout} ms` : messageOf(error)}`);
    }
  }

  mayReach(check: ServiceCheck): boolean {
    return check.kind !== 'none' && this.#refusal(check) === null;
  }

  /** Ends what is under way, and the connections that are kept. */
  close(): void {
    for (const request of this.#underWay) request.destroy();
    this.#kept?.plain.destroy();
    this.#kept?.secure.destroy();
    this.#standstills.end();
  }

  #refusal(check: Exclude<ServiceCheck, { kind: 'none' }>): string | null {
    return check.kind === 'http' ? this.#rules.refusal(new URL(check.url)) : this.#rules.hostRefusal(check.host);
  }

  async #ask(url: string, attempt: Attempt): Promise<ObservedCheck> {
    const response = await this.#answer(new URL(url), attempt);
    const status = response.statusCode ?? 0;
    const said = `HTTP GET ${url}: ${status}`;
    if (status >= 200 && status < 300) {
      // The status is the answer. The rest is read, as far as it is short, so that the connection ends, or can be kept, in order.
      discard(response);
      return { status: 'passing', output: checkOutput(said) };
    }
    const output = checkOutput(`${said}: ${await excerpt(response)}`);
    return { status: status === 429 ? 'warning' : 'critical', output };
  }

  /**
   * The head of the answer. Node's own client: a connection that is used once costs half of what it costs with undici, whose pools are made
   * for connections that stay (280 µs of processor time against 700, measured).
   */
  #answer(url: URL, attempt: Attempt): Promise<IncomingMessage> {
    const isSecure = url.protocol === 'https:';
    const kept = isSecure ? this.#kept?.secure : this.#kept?.plain;
    const over = (agent: Agent | false) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const options = { agent, lookup: this.#lookup, headers: { 'user-agent': 'discovery-gateway' } };
        const request = (isSecure ? getSecure : get)(url, options, resolve);
        this.#underWay.add(request);
        const callOff = this.#endWhenLate(request, attempt);
        // After the answer was read to its end.
        request.on('close', () => {
          callOff();
          this.#underWay.delete(request);
        });
        request.on('error', (error) => {
          // It may have been closed in the moment in which it was used again, which says nothing of the node.
          if (request.reusedSocket && !attempt.isLate) resolve(over(false));
          else reject(error);
        });
      });
    // As Consul does it: a connection kept open says nothing of whether a new client gets in, and to thousands of nodes they would add up.
    return over(kept ?? false);
  }

  #reach(host: string, port: number, attempt: Attempt): Promise<ObservedCheck> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, lookup: this.#lookup });
      const callOff = this.#endWhenLate(socket, attempt);
      socket.once('close', () => {
        callOff();
        reject(new Error('the connection ended before it stood'));
      });
      socket.once('error', reject);
      socket.once('connect', () => {
        resolve({ status: 'passing', output: `TCP connect ${host}:${port}: Success` });
        socket.destroy();
      });
    });
  }

  /** A timer that is called off costs less than a signal, which nobody can call off: it would abort, with an error, long after the answer. */
  #endWhenLate(connection: { destroy(): unknown }, attempt: Attempt): () => void {
    const wait = () => {
      timer = setTimeout(() => {
        const stood = this.#standstills.total();
        attempt.deadline += stood - attempt.stood;
        attempt.stood = stood;
        if (attempt.deadline > performance.now()) return wait();
        attempt.isLate = true;
        connection.destroy();
      }, attempt.deadline - performance.now());
    };
    let timer: NodeJS.Timeout;
    wait();
    return () => clearTimeout(timer);
  }
}

function discard(response: IncomingMessage): void {
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > READ_ANSWER) response.destroy();
  });
  // The node may break it off; its status was read.
  response.on('error', () => undefined);
}

async function excerpt(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= EXCERPT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString();
}

function critical(output: string): ObservedCheck {
  return { status: 'critical', output: checkOutput(output) };
}
