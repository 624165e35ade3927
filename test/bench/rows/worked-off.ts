import { ratioAtLeast } from '../bar.ts';
import { consumedBare } from '../consumption.ts';
import { withCpuTime } from '../cpu-time.ts';
import type { Rig } from '../rig.ts';
import type { Measurement } from '../row.ts';
import { median } from '../statistics.ts';
import { produce } from '../tasks/produce.ts';
import { largeFleet } from './large-fleet.ts';
import { worked } from './worked.ts';

const YARDSTICK = 'kafkajs with JSON.parse';

/** What the nodes of a large fleet say, and what the gateway counts it as. */
export interface Messages {
  readonly kind: 'announcement' | 'heartbeat';
  readonly topic: 'introspection' | 'heartbeat';
  readonly outcomes: readonly string[];
  /** Of each node. */
  readonly times: number;
  /** Of the yardstick's rate. */
  readonly bar: number;
}

/** How fast a large fleet's messages are worked off, beside their bare consumption; with the writes to Consul meanwhile. */
export async function workedOff(rig: Rig, { kind, topic, outcomes, times, bar }: Messages) {
  const { world, fleet, count } = await largeFleet(rig);
  const order = { ...world.kafka, fleet, kind, nodes: count, times } as const;
  const messages = order.nodes * order.times;
  const gateway = () => worked(world, messages, outcomes, world.topic(topic), order);
  const bare = async () => {
    const { consumed, loaded } = await consumedBare(world, messages, (to) => world.load.run(produce, { ...order, topic: to }));
    return (messages * 1000) / (consumed.lastAt - loaded.startedAt);
  };
  await gateway();
  await bare();
  const writesBefore = world.consulWrites;
  const rounds = await rig.inRounds(async () => ({
    gateway: await withCpuTime(world.gateway.pid, gateway),
    bare: await withCpuTime(world.yardstick.pid, bare),
  }));
  const rate = (of: 'gateway' | 'bare') => median(rounds.map((round) => round[of].result));
  const cpu = (of: 'gateway' | 'bare') => median(rounds.map((round) => (round[of].cpu * 1000) / messages));
  const measurements: readonly Measurement[] = [
    {
      what: 'messages worked off',
      figure: rate('gateway'),
      unit: '/s',
      yardstick: { what: YARDSTICK, figure: rate('bare') },
      bar: ratioAtLeast(bar),
    },
    { what: 'computing for a message', figure: cpu('gateway'), unit: 'µs', yardstick: { what: YARDSTICK, figure: cpu('bare') } },
  ];
  return { measurements, consulWrites: world.consulWrites - writesBefore };
}
