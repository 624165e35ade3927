import { chmod, mkdir } from 'node:fs/promises';
import { type ConfiguredAddresses, configuredAddresses } from './configured.ts';
import { type ConsulPorts, prepareConsul } from './consul.ts';
import { type Guard, startGuard } from './guard.ts';
import { type KafkaPorts, prepareKafka } from './kafka.ts';
import { freePort } from './port.ts';
import { ensureDatabase, postgresUrl, preparePostgres } from './postgres.ts';
import type { Progress } from './progress.ts';
import { configuredService, type Service } from './service.ts';
import type { Surroundings } from './surroundings.ts';

export type StackPorts = { readonly kafka: KafkaPorts; readonly consul: ConsulPorts; readonly postgres: number };

export type StackOptions = {
  /** For data, logs and generated configuration. Made if missing. */
  readonly folder: string;
  /** Remove the folder at the end, and do not wait for the disk. */
  readonly temporary: boolean;
  /** What is configured in here (KAFKA_BROKER_URL, CONSUL_HOST, DATABASE_URL or POSTGRES_HOST) is not started. */
  readonly env: NodeJS.ProcessEnv;
  /** Free ones by default. */
  readonly ports?: StackPorts;
  readonly progress?: Progress;
  /** Ends a start that is under way; a stack that runs is ended by `stop`. */
  readonly signal?: AbortSignal;
};

export type Stack = {
  /** `url` is what KAFKA_BROKER_URL takes. */
  readonly kafka: Service & { readonly url: string; readonly brokers: readonly string[] };
  /** `dnsPort` is null where the agent is configured, not started here. */
  readonly consul: Service & { readonly host: string; readonly port: number; readonly dnsPort: number | null };
  /** `url` is null where Postgres is configured by the POSTGRES_ variables. */
  readonly postgres: Service & { readonly url: string | null };
  /** The variables that point a gateway at this stack. */
  readonly env: Readonly<Record<string, string>>;
  /** Tell it of further processes that must end with this one. */
  readonly guard: Guard;
  /** Stops what was started here. May be called twice. */
  stop(): Promise<void>;
};

export const DATABASE = 'omninode_bridge';

/** Ports that nobody listens on. */
export async function freePorts(): Promise<StackPorts> {
  const taken = new Set<number>();
  return {
    kafka: { broker: await freePort(taken), controller: await freePort(taken) },
    consul: { http: await freePort(taken), dns: await freePort(taken), server: await freePort(taken), serf: await freePort(taken) },
    postgres: await freePort(taken),
  };
}

/**
 * Starts a real Kafka, Consul and Postgres side by side, each unless its address is configured, and waits until they
 * answer. They end with this process, however it ends. Throws with every problem at once, having stopped what did start.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { folder, temporary, env } = options;
  const progress = options.progress ?? (() => undefined);
  const ports = options.ports ?? (await freePorts());
  await mkdir(folder, { recursive: true });
  // Root's temporary folders are closed to others, and Postgres runs as another user then.
  if (temporary && process.getuid?.() === 0) await chmod(folder, 0o711);
  const guard = await startGuard();
  if (temporary) guard.removeAtEnd(folder);
  const abort = new AbortController();
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  const surroundings: Surroundings = { env, guard, progress, folder, temporary, signal };
  const configured = configuredAddresses(env);

  const started: Service[] = [];
  const start = async (part: string, prepare: () => Promise<Service>, where: string, after?: () => Promise<void>): Promise<Service> => {
    const service = await prepare();
    signal.throwIfAborted();
    started.push(service);
    await service.start();
    await after?.();
    progress(part, `ready: ${where}`);
    return service;
  };
  const givingUp = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      // The others have time to find out what they lack, too, but none goes on fetching or building for minutes.
      setTimeout(() => abort.abort(new Error('given up')), 1000).unref();
      throw error;
    });
  const existing = (part: string, name: string, where: string): Service => {
    progress(part, `using the configured ${where}`);
    return configuredService(name);
  };
  const stop = async () => {
    await Promise.all(started.map((service) => service.stop()));
    await guard.close();
  };

  const addresses = addressesOf(configured, ports);
  const outcomes = await Promise.allSettled([
    configured.kafka === null
      ? givingUp(start('kafka', () => prepareKafka(ports.kafka, surroundings), addresses.kafka))
      : existing('kafka', 'Kafka', addresses.kafka),
    configured.consul === null
      ? givingUp(start('consul', () => prepareConsul(ports.consul, surroundings), `${addresses.consul.host}:${addresses.consul.port}`))
      : existing('consul', 'Consul', `${addresses.consul.host}:${addresses.consul.port}`),
    configured.postgres === null
      ? givingUp(
          start(
            'postgres',
            () => preparePostgres(ports.postgres, surroundings),
            postgresUrl(ports.postgres, DATABASE),
            () => ensureDatabase(postgresUrl(ports.postgres, 'postgres'), DATABASE),
          ),
        )
      : existing('postgres', 'Postgres', configured.postgres.place),
  ]);
  const [kafka, consul, postgres] = outcomes;
  if (kafka.status === 'rejected' || consul.status === 'rejected' || postgres.status === 'rejected') {
    await stop();
    options.signal?.throwIfAborted();
    const causes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    throw new StackError(causes.filter((cause) => cause !== abort.signal.reason));
  }
  return {
    kafka: Object.assign(kafka.value, { url: addresses.kafka, brokers: addresses.kafka.split(',') }),
    consul: Object.assign(consul.value, addresses.consul),
    postgres: Object.assign(postgres.value, { url: addresses.postgres }),
    env: addresses.env,
    guard,
    stop,
  };
}

/** What kept the stack from starting: each cause is whole. */
export class StackError extends AggregateError {
  override readonly name = 'StackError';

  constructor(causes: readonly unknown[]) {
    super(causes, causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join('\n\n'));
  }
}

function addressesOf(configured: ConfiguredAddresses, ports: StackPorts) {
  const kafka = configured.kafka ?? `127.0.0.1:${ports.kafka.broker}`;
  const consul =
    configured.consul === null
      ? { host: '127.0.0.1', port: ports.consul.http, dnsPort: ports.consul.dns }
      : { ...configured.consul, dnsPort: null };
  const postgres = configured.postgres === null ? postgresUrl(ports.postgres, DATABASE) : configured.postgres.url;
  const env: Record<string, string> = { KAFKA_BROKER_URL: kafka, CONSUL_HOST: consul.host, CONSUL_PORT: String(consul.port) };
  if (postgres !== null) env['DATABASE_URL'] = postgres;
  return { kafka, consul, postgres, env };
}
