import type { Config } from '../../src/config.ts';
import type { Stack } from '../../src/local/stack.ts';
import type { NodeServer } from '../faults/node-server.ts';
import type { ConsulTap } from './consul-tap.ts';
import { capabilityOf, type Fleet } from './fleet.ts';
import type { GatewayProgram } from './gateway-program.ts';
import { announceAndSee } from './tasks/announce-and-see.ts';
import type { WorkerProcess } from './worker-process.ts';

export interface WorldParts {
  readonly gateway: GatewayProgram;
  readonly config: Config;
  /** Kafka and Postgres. */
  readonly stack: Stack;
  /** The same, or one of its own. */
  readonly consul: Stack;
  /** Between the gateway and Consul, where its writes are counted. */
  readonly tap: ConsulTap | null;
  /** What asks, announces and follows. */
  readonly load: WorkerProcess;
  /** What the gateway is held against. */
  readonly yardstick: WorkerProcess;
  /** Answers for the health of every node. */
  readonly health: NodeServer;
}

/** A gateway with its registry, and the processes around it. */
export class World {
  readonly gateway: GatewayProgram;
  readonly config: Config;
  readonly stack: Stack;
  readonly consulStack: Stack;
  readonly load: WorkerProcess;
  readonly yardstick: WorkerProcess;
  readonly #tap: ConsulTap | null;
  readonly #health: NodeServer;
  #fleets = 0;
  readonly #standing = new Map<string, number>();

  constructor({ gateway, config, stack, consul, tap, load, yardstick, health }: WorldParts) {
    this.gateway = gateway;
    this.config = config;
    this.stack = stack;
    this.consulStack = consul;
    this.load = load;
    this.yardstick = yardstick;
    this.#tap = tap;
    this.#health = health;
  }

  /** What the gateway has written to Consul so far. Throws where it is not counted. */
  get consulWrites(): number {
    if (this.#tap === null) throw new Error('nothing stands between this gateway and Consul');
    return this.#tap.writes;
  }

  get kafka() {
    return { brokers: [...this.config.kafka.brokers] };
  }

  /** The first topic of a meaning. */
  topic(meaning: 'introspection' | 'heartbeat'): string {
    const [topic] = this.config.kafka.topics[meaning];
    if (topic === undefined) throw new Error(`no ${meaning} topic`);
    return topic;
  }

  consulUrl(path: string): string {
    const { host, port } = this.consulStack.consul;
    return `http://${host}:${port}/v1${path}`;
  }

  /** One of which no node was ever announced here. */
  newFleet(prefix: string, instances: number, isChecked = true): Fleet {
    this.#fleets += 1;
    const fleet = this.checkedFleet(`${prefix}-${this.#fleets}`, instances);
    return isChecked ? fleet : { ...fleet, healthUrl: null };
  }

  /** A fleet whose health is answered for, the same each time. */
  checkedFleet(prefix: string, instances: number): Fleet {
    return { prefix, instances, healthUrl: this.#health.url('').replace(/\/$/, '') };
  }

  /** Registers so many nodes of a fleet, unless they stand already, and waits until the last capability has all its instances healthy. */
  async populate(fleet: Fleet, count: number): Promise<void> {
    const from = this.#standing.get(fleet.prefix) ?? 0;
    if (from >= count) return;
    const { gateway, kafka } = this;
    await this.load.run(announceAndSee, {
      ...kafka,
      topic: this.topic('introspection'),
      url: gateway.url,
      fleet,
      from,
      count: count - from,
      perSecond: null,
      patience: 1_200_000,
    });
    this.#standing.set(fleet.prefix, count);
    if (fleet.healthUrl === null) return;
    await gateway.untilHealthy(capabilityOf(fleet, count - 1), Math.min(fleet.instances, count));
  }

  /** Ends the gateway and everything around it but the stack. */
  async stop(): Promise<void> {
    await Promise.all([this.gateway.stop(), this.load.kill(), this.yardstick.kill(), this.#health.stop()]);
    await this.#tap?.stop();
    if (this.consulStack !== this.stack) await this.consulStack.stop();
  }
}
