import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, readConfig } from '../../src/config.ts';
import { freePort } from '../../src/local/port.ts';
import { type Stack, startStack } from '../../src/local/stack.ts';
import { OWN_TOPICS } from '../integration/own-topics.ts';
import { compiledProgram } from '../programs.ts';
import { GatewayProcess } from './gateway-process.ts';
import { type Link, Toxiproxy } from './toxiproxy.ts';

export const BACKENDS = ['kafka', 'consul', 'postgres'] as const;
export type Backend = (typeof BACKENDS)[number];

/** A gateway with its own links to the back ends: one of them can lose what the others still have. */
export interface Member {
  readonly gateway: GatewayProcess;
  readonly links: Readonly<Record<Backend, Link>>;
}

export const MEMBERS = 3;

/** Short intervals, so that what takes minutes in production happens within a round. */
const ENVIRONMENT = {
  ...OWN_TOPICS,
  KAFKA_ENVIRONMENT: 'faults',
  KAFKA_GROUP_ID: 'faults',
  // Kafka's own minimum.
  KAFKA_SESSION_TIMEOUT: '6s',
  RECONCILE_INTERVAL: '3s',
  CONSUL_VIRTUAL_NODES: '7',
  CONSUL_CHECK_INTERVAL: '1s',
  CONSUL_CHECK_TIMEOUT: '1s',
  CONSUL_SUCCESS_BEFORE_PASSING: '0',
  CONSUL_FAILURES_BEFORE_CRITICAL: '0',
  BOOKMARK_INTERVAL: '1s',
  LOG_LEVEL: 'info',
};

/** Real back ends, and gateways as processes that reach them through TCP proxies. */
export class Rig {
  readonly stack: Stack;
  readonly members: readonly Member[];
  /** A configuration that reaches the back ends directly: for the nodes, and for who looks at the truth. */
  readonly config: Config;
  readonly databaseUrl: string;
  readonly folder: string;

  private constructor(folder: string, stack: Stack, members: readonly Member[], config: Config, databaseUrl: string) {
    this.folder = folder;
    this.stack = stack;
    this.members = members;
    this.config = config;
    this.databaseUrl = databaseUrl;
  }

  /** Starts the back ends and the proxies, and no gateway yet. The folder keeps the logs; the caller removes it. `programs` is that of the compiled ones. */
  static async start(folder: string, programs: string, mode: 'agent' | 'catalog'): Promise<Rig> {
    await mkdir(folder, { recursive: true, mode: 0o711 });

    const stack = await startStack({
      folder: join(folder, 'stack'),
      temporary: true,
      env: { ...process.env, ...UNCONFIGURED },
    });
    try {
      const taken = new Set<number>();
      const program = compiledProgram(programs, 'test/faults/mortal-gateway.ts');
      const proxies = await Toxiproxy.start(folder, stack.guard, taken);
      const { url: databaseUrl } = stack.postgres;
      if (databaseUrl === null) throw new Error('the rig starts its own Postgres');
      const ids = Array.from({ length: MEMBERS }, (_, index) => `gateway-${index}`);
      const listeners = await Promise.all(ids.map(async () => ({ direct: await freePort(taken), proxied: await freePort(taken) })));
      await addListeners(join(folder, 'stack'), stack, listeners);
      const members = await Promise.all(
        ids.map(async (id, index): Promise<Member> => {
          const { direct, proxied } = listeners[index] ?? { direct: 0, proxied: 0 };
          const database = new URL(databaseUrl);
          const links = {
            kafka: await proxies.link(`${id}-kafka`, proxied, direct),
            consul: await proxies.link(`${id}-consul`, await freePort(taken), stack.consul.port),
            postgres: await proxies.link(`${id}-postgres`, await freePort(taken), Number(database.port)),
          };
          database.port = String(links.postgres.port);
          const env = {
            ...ENVIRONMENT,
            CONSUL_MODE: mode,
            KAFKA_BROKER_URL: `127.0.0.1:${links.kafka.port}`,
            CONSUL_HOST: '127.0.0.1',
            CONSUL_PORT: String(links.consul.port),
            DATABASE_URL: database.toString(),
          };
          return { gateway: new GatewayProcess(id, await freePort(taken), program, join(folder, `${id}.log`), env, stack.guard), links };
        }),
      );
      return new Rig(folder, stack, members, readConfig({ ...ENVIRONMENT, CONSUL_MODE: mode, ...stack.env }), databaseUrl);
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** Those that run now. */
  running(): readonly Member[] {
    return this.members.filter(({ gateway }) => gateway.isRunning);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ gateway }) => gateway.kill()));
    await this.stack.stop();
  }
}

const UNCONFIGURED = {
  KAFKA_BROKER_URL: undefined,
  CONSUL_HOST: undefined,
  DATABASE_URL: undefined,
  POSTGRES_HOST: undefined,
};

/** A Kafka client goes where the broker tells it to: each gateway gets a listener that sends it back through its own proxy. */
async function addListeners(folder: string, { kafka }: Stack, extra: readonly { direct: number; proxied: number }[]): Promise<void> {
  const broker = `127.0.0.1:${kafka.url.split(':')[1]}`;
  const properties = join(folder, 'kafka', 'server.properties');
  const names = extra.map((_, index) => `MEMBER${index}`);
  const added = {
    listeners: [`PLAINTEXT://${broker}`, ...extra.map(({ direct }, index) => `${names[index]}://127.0.0.1:${direct}`)],
    'advertised.listeners': [`PLAINTEXT://${broker}`, ...extra.map(({ proxied }, index) => `${names[index]}://127.0.0.1:${proxied}`)],
    'listener.security.protocol.map': [...['PLAINTEXT', 'CONTROLLER', ...names].map((name) => `${name}:PLAINTEXT`)],
  };
  const controller = await controllerListener(properties);
  added.listeners.push(controller);
  await kafka.stop();
  // Of a property that is given twice the last counts.
  await appendFile(
    properties,
    Object.entries(added)
      .map(([name, values]) => `${name}=${values.join(',')}\n`)
      .join(''),
  );
  await kafka.start();
}

async function controllerListener(properties: string): Promise<string> {
  const listener = /^listeners=.*(CONTROLLER:\/\/[^,\s]+)/m.exec(await readFile(properties, 'utf8'))?.[1];
  if (listener === undefined) throw new Error(`${properties} names no controller`);
  return listener;
}
