import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { exists } from './cache.ts';
import { kafkaJars } from './kafka-jars.ts';
import { run } from './run.ts';
import { defineService, type Service } from './service.ts';
import type { Surroundings } from './surroundings.ts';

export type KafkaPorts = { readonly broker: number; readonly controller: number };

/**
 * Not the second compiler and not the collector of many threads, which are for brokers that run for days: starting takes half the CPU
 * (2.4 s instead of 4.9), and 200,000 messages there and back another half, measured on 2 cores.
 */
const QUICK = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

const LOGGING = `Configuration:
  Appenders:
    Console:
      name: stdout
      PatternLayout:
        pattern: '%d{ISO8601} %p %m (%c{1})%n'
  Loggers:
    Root:
      level: WARN
      AppenderRef:
        - ref: stdout
`;

/** Fetches Kafka if needed and prepares one KRaft node on 127.0.0.1, not started yet. `more` properties stand above the usual ones. */
export async function prepareKafka(
  ports: KafkaPorts,
  surroundings: Surroundings,
  more: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const { java, jars } = await kafkaJars(surroundings);
  const folder = join(surroundings.folder, 'kafka');
  const data = join(folder, 'data');
  await mkdir(folder, { recursive: true });
  const properties = join(folder, 'server.properties');
  const logging = join(folder, 'log4j2.yaml');
  await writeFile(properties, serverProperties(ports, data, more));
  await writeFile(logging, LOGGING);
  const classpath = ['-cp', join(jars, '*')];
  if (!(await exists(join(data, 'meta.properties')))) {
    const clusterId = randomBytes(16).toString('base64url');
    // Joined by "=": one id in 64 starts with a dash, which would read as an option.
    const format = ['kafka.tools.StorageTool', 'format', '--ignore-formatted', `--cluster-id=${clusterId}`, '--config', properties];
    const args = [...QUICK, ...classpath, ...format];
    await run({ file: java, args }, join(folder, 'format.log'), surroundings.guard, surroundings.signal);
  }
  const probe = new Kafka({
    brokers: [`127.0.0.1:${ports.broker}`],
    clientId: 'probe',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  });
  return defineService(
    {
      name: 'Kafka',
      logFile: join(folder, 'kafka.log'),
      command: {
        file: java,
        args: [...QUICK, '-Xmx256m', `-Dlog4j2.configurationFile=${logging}`, ...classpath, 'kafka.Kafka', properties],
        cwd: folder,
      },
      stopSignal: 'SIGTERM',
      stopPatience: 8000,
      startPatience: 60_000,
      startAttempts: 1,
      probe: async () => {
        const admin = probe.admin();
        try {
          await admin.connect();
          const { brokers } = await admin.describeCluster();
          if (brokers.length === 0) throw new Error('no broker has joined the cluster yet');
        } finally {
          await admin.disconnect();
        }
      },
    },
    surroundings.guard,
  );
}

function serverProperties({ broker, controller }: KafkaPorts, data: string, more: Readonly<Record<string, string>>): string {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    // Static voters: the controller's port may differ at the next start on the same data.
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'num.partitions': 3,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.replication.factor': 1,
    // 50 by default, each with files of its own: one broker gains nothing from them, and every start opens them all.
    'offsets.topic.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 5,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // 128 MB by default, half of the heap it is given here.
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // 9 s by default: after a kill the same broker may register again only when its old session has ended.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    ...more,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
