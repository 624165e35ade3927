import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { readConfig } from '../../src/config.ts';
import { freePort } from '../../src/local/port.ts';
import { type Stack, startStack } from '../../src/local/stack.ts';
import { NodeServer } from '../faults/node-server.ts';
import { OWN_TOPICS } from '../integration/own-topics.ts';
import { ConsulTap } from './consul-tap.ts';
import { GatewayProgram } from './gateway-program.ts';
import { WorkerProcess } from './worker-process.ts';
import { World } from './world.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What Node runs: the gateway as in production, or, where nobody has built it, its sources. */
const PROGRAMS = { built: [join(ROOT, 'dist', 'main.js')], sources: ['--import', 'tsx', join(ROOT, 'src', 'main.ts')] } as const;

/** What a gateway refuses one client by default; here one client is all of them. */
const ONE_BIG_CLIENT = {
  LIMIT_RATE: '1000000',
  LIMIT_RATE_BURST: '1000000',
  LIMIT_BYTE_RATE: '1000000000',
  LIMIT_CONNECTIONS: '20000',
  LIMIT_SUBSCRIPTIONS: '20000',
};

const UNCONFIGURED = { KAFKA_BROKER_URL: undefined, CONSUL_HOST: undefined, DATABASE_URL: undefined, POSTGRES_HOST: undefined };

export interface RigOptions {
  /** Keeps data and logs; the caller removes it. */
  readonly folder: string;
  /** 1: sizes as in the table; below, so much of them. */
  readonly scale: number;
  /** How often each figure is measured; the median counts. */
  readonly rounds: number;
  /** One Consul for all rows, and one gateway for those in a row that configure it alike: quicker, and what a row leaves behind weighs on the next. */
  readonly shared: boolean;
  readonly program: keyof typeof PROGRAMS;
  /** Options for the gateway's Node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** Of every gateway, beside its addresses. */
  readonly env?: Readonly<Record<string, string>>;
  readonly tell: (line: string) => void;
}

/** Real back ends, and one gateway after the other on them. */
export class Rig {
  readonly stack: Stack;
  readonly #options: RigOptions;
  #world: { readonly key: string; readonly world: World } | null = null;

  private constructor(stack: Stack, options: RigOptions) {
    this.stack = stack;
    this.#options = options;
  }

  static async start(options: RigOptions): Promise<Rig> {
    await mkdir(options.folder, { recursive: true, mode: 0o711 });
    const stack = await startStack({ folder: join(options.folder, 'stack'), temporary: true, env: { ...process.env, ...UNCONFIGURED } });
    return new Rig(stack, options);
  }

  get rounds(): number {
    return this.#options.rounds;
  }

  tell(line: string): void {
    this.#options.tell(line);
  }

  /** So many, at this scale; never fewer than the least. */
  size(whole: number, least = 10): number {
    return Math.max(Math.min(least, whole), Math.round(whole * this.#options.scale));
  }

  /** Seconds of load at this scale. */
  seconds(whole: number): number {
    return Math.max(0.3, whole * this.#options.scale);
  }

  /** The figure of each round. */
  async inRounds<T>(measure: (round: number) => Promise<T>): Promise<T[]> {
    const figures: T[] = [];
    for (let round = 0; round < this.rounds; round++) figures.push(await measure(round));
    return figures;
  }

  /**
   * A gateway that runs and lacks nothing, whatever the row before took away: the one of the last call where the name is the same, else
   * another, on an empty registry. There is one at a time. `isTapped`: what it writes to Consul is counted, which costs a hop.
   */
  async world(name: string, env: Readonly<Record<string, string>> = {}, isTapped = false): Promise<World> {
    const key = this.#options.shared ? JSON.stringify([{ CONSUL_MODE: 'agent', ...env }, isTapped]) : name;
    if (this.#world !== null && this.#world.key !== key) {
      const { world } = this.#world;
      this.#world = null;
      await world.stop();
    }
    await startStopped(this.stack);
    const { world } = this.#world ?? { world: await this.#newWorld(name, env, isTapped) };
    this.#world ??= { key, world };
    await startStopped(world.consulStack);
    if (!world.gateway.isRunning) await world.gateway.start();
    await world.gateway.whole();
    return world;
  }

  /** A Consul of its own, empty. The caller stops it. */
  async emptyConsul(): Promise<Stack> {
    const { CONSUL_HOST, CONSUL_PORT, ...others } = this.stack.env;
    const folder = join(this.#options.folder, `consul-${CONSUL_HOST}-${CONSUL_PORT}-${randomBytes(4).toString('hex')}`);
    return startStack({ folder, temporary: true, env: { ...process.env, ...UNCONFIGURED, ...others } });
  }

  async stop(): Promise<void> {
    await this.#world?.world.stop();
    await this.stack.stop();
  }

  async #newWorld(purpose: string, extra: Readonly<Record<string, string>>, isTapped: boolean): Promise<World> {
    const { folder, nodeOptions = [], program, env: common = {} } = this.#options;
    const name = `bench-${randomBytes(4).toString('hex')}`;
    const [consul, load, yardstick, health, databaseUrl] = await Promise.all([
      this.#options.shared ? this.stack : this.emptyConsul(),
      WorkerProcess.start(),
      WorkerProcess.start(),
      NodeServer.start(),
      this.#freshDatabase(name),
    ]);
    const tap = isTapped ? await ConsulTap.start(consul.consul) : null;
    const env = {
      ...this.stack.env,
      ...OWN_TOPICS,
      ...ONE_BIG_CLIENT,
      // As in the image.
      MALLOC_ARENA_MAX: '2',
      CONSUL_HOST: consul.consul.host,
      CONSUL_PORT: String(tap?.port ?? consul.consul.port),
      DATABASE_URL: databaseUrl,
      KAFKA_ENVIRONMENT: name,
      KAFKA_GROUP_ID: name,
      GATEWAY_ID: name,
      SNAPSHOT_FILE: join(folder, `${name}.snapshot`),
      ...common,
      ...extra,
    };
    const gateway = new GatewayProgram({
      // A port that is free, should an inspector be wanted.
      command: ['--inspect-port=0', ...nodeOptions, ...PROGRAMS[program]],
      port: await freePort(new Set()),
      env,
      logFile: join(folder, `${purpose}-${name}.log`),
      guard: this.stack.guard,
    });
    return new World({ gateway, config: readConfig(env), stack: this.stack, consul, tap, load, yardstick, health });
  }

  async #freshDatabase(name: string): Promise<string> {
    const { url: server } = this.stack.postgres;
    if (server === null) throw new Error('the rig starts its own Postgres');
    const client = new Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(`create database ${client.escapeIdentifier(name)} template template0`);
    } finally {
      await client.end();
    }
    const url = new URL(server);
    url.pathname = `/${name}`;
    return url.toString();
  }
}

async function startStopped({ kafka, consul, postgres }: Stack): Promise<void> {
  await Promise.all(
    [kafka, consul, postgres].map(async (service) => (service.owned && service.pid === null ? service.start() : undefined)),
  );
}
