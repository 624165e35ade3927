import { Pool } from 'undici';

export interface Latencies {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly answered: number;
  readonly refused: number;
}

const QUERY =
  'query Resolve($capability: String!) { healthyServices(capability: $capability) { nodeId serviceName address port url version } }';

/** A client in its senses: so many requests per second, at even times, whether or not the ones before are answered. */
export class HonestClient {
  readonly #pool: Pool;
  readonly #perSecond: number;

  constructor(port: number, perSecond: number) {
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: 8, pipelining: 1 });
    this.#perSecond = perSecond;
  }

  /** How long its answers take within so many milliseconds. */
  async measure(milliseconds: number): Promise<Latencies> {
    const latencies: number[] = [];
    let refused = 0;
    const asked: Promise<void>[] = [];
    const startedAt = performance.now();
    for (let index = 0; performance.now() - startedAt < milliseconds; index++) {
      const due = startedAt + (index * 1000) / this.#perSecond;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      asked.push(
        this.ask(index).then((isAnswered) => {
          if (isAnswered) latencies.push(performance.now() - Math.max(due, startedAt));
          else refused += 1;
        }),
      );
    }
    await Promise.all(asked);
    latencies.sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), max: at(1), answered: latencies.length, refused };
  }

  /** Whether one request is answered with what it asked for. */
  async ask(index: number): Promise<boolean> {
    const body = JSON.stringify({ query: QUERY, variables: { capability: `capability.${index % 50}` } });
    const response = await this.#pool.request({
      path: '/graphql',
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });
    const text = await response.body.text();
    return response.statusCode === 200 && text.includes('"nodeId"');
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
