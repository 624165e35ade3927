import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { adoptChild, type Child } from '../../src/local/child.ts';
import type { Guard } from '../../src/local/guard.ts';
import { until } from '../until.ts';
import { Inspector } from './inspector.ts';

/** From SIGTERM to the end, milliseconds. */
const STOP_PATIENCE = 12_000;
const START_PATIENCE = 180_000;

const health = z.object({
  ready: z.boolean(),
  stale: z.boolean(),
  checks: z.object({
    background_tasks: z.object({ consumer_task_running: z.boolean() }),
    circuit_breakers: z.object({ consul_circuit: z.string(), postgres_circuit: z.string() }),
  }),
  metrics: z.object({ known_nodes: z.number(), consumer_lag: z.number().nullable(), subscribers: z.number() }),
});
export type GatewayHealth = z.infer<typeof health>;

export interface GatewayProgramOptions {
  /** What Node runs, with options for Node before it. */
  readonly command: readonly string[];
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly guard: Guard;
}

/** A gateway as in production: the built program, in a process of its own, with nothing in its environment but its configuration. */
export class GatewayProgram {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #options: GatewayProgramOptions;
  #child: Child | null = null;

  constructor(options: GatewayProgramOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    this.env = { ...options.env, SERVICE_PORT: String(options.port) };
  }

  get isRunning(): boolean {
    return this.#child?.running ?? false;
  }

  get pid(): number {
    if (this.#child === null) throw new Error('the gateway was not started');
    return this.#child.pid;
  }

  /** Resolves when the process is there. */
  async start(): Promise<void> {
    const { command, logFile, guard } = this.#options;
    const log = createWriteStream(logFile, { flags: 'a' });
    await once(log, 'open');
    const child: ChildProcess = spawn(process.execPath, [...command], {
      detached: true,
      env: { PATH: process.env['PATH'] ?? '', ...this.env },
      stdio: ['ignore', log, log],
    });
    log.close();
    this.#child = await adoptChild(child, command.join(' '), 'SIGTERM', guard);
  }

  /** Until it answers, consumes, and misses no back end. Throws with the end of its log. */
  async whole(): Promise<void> {
    await this.until('the gateway is whole', ({ ready, stale, checks: { background_tasks: tasks, circuit_breakers: circuits } }) => {
      return (
        ready && !stale && tasks.consumer_task_running && circuits.consul_circuit === 'closed' && circuits.postgres_circuit === 'closed'
      );
    });
  }

  async until(what: string, look: (health: GatewayHealth) => boolean, interval = 25): Promise<void> {
    try {
      await until(what, async () => look(await this.health()), { timeout: START_PATIENCE, interval });
    } catch (error) {
      const log = (await readFile(this.#options.logFile, 'utf8')).slice(-3000);
      throw new Error(`In vain until ${what}. The end of its log:\n${log}`, { cause: error });
    }
  }

  async health(): Promise<GatewayHealth> {
    const response = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(5000) });
    return health.parse(await response.json());
  }

  async #metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(5000) })).text();
  }

  /** Until the gateway probes so many instances, because clients ask for them. */
  async untilProbed(count: number): Promise<void> {
    const probed = async () => Number(/^discovery_gateway_probed_instances (\d+)$/m.exec(await this.#metrics())?.[1] ?? Number.NaN);
    await until(`${count} instances are probed`, async () => (await probed()) >= count);
  }

  /** What has become of messages so far, by outcome. */
  async outcomes(): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.#metrics()).matchAll(/^discovery_gateway_events_total\{.*?outcome="(\w+)".*?\} (\d+)$/gm);
    return new Map([...lines].map(([, outcome = '', count]) => [outcome, Number(count)]));
  }

  /** Whatever GraphQL answers to this, without errors. */
  async ask<T>(shape: z.ZodType<T>, query: string, variables: object = {}): Promise<T> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(10_000),
    });
    const answer = z.object({ data: z.unknown(), errors: z.array(z.unknown()).optional() }).parse(await response.json());
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return shape.parse(answer.data);
  }

  /** Until so many instances of a capability are healthy. */
  async untilHealthy(capability: string, count: number): Promise<void> {
    const shape = z.object({ healthyServices: z.array(z.object({ nodeId: z.string() })) });
    const query = 'query ($capability: String!) { healthyServices(capability: $capability) { nodeId } }';
    const what = `${count} instances of ${capability} are healthy`;
    await until(what, async () => (await this.ask(shape, query, { capability })).healthyServices.length === count, {
      timeout: START_PATIENCE,
      interval: 50,
    });
  }

  /** Bytes that the process holds in memory. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) * 1024;
  }

  /** Looks into the process; the caller closes it. */
  async inspector(): Promise<Inspector> {
    process.kill(this.pid, 'SIGUSR1');
    let url = '';
    await until('the gateway listens for an inspector', async () => {
      // The last one: a gateway that started anew writes to the same log.
      url = [...(await readFile(this.#options.logFile, 'utf8')).matchAll(/^Debugger listening on (ws:\S+)$/gm)].at(-1)?.[1] ?? '';
      return url !== '';
    });
    return Inspector.open(url);
  }

  /** SIGTERM, and SIGKILL when it takes too long. */
  async stop(): Promise<void> {
    if (this.#child?.running) await this.#child.stop(STOP_PATIENCE);
  }
}
