import { atMost, ratioAtLeast } from '../bar.ts';
import { consumedBare } from '../consumption.ts';
import { withCpuTime } from '../cpu-time.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { produce } from '../tasks/produce.ts';
import { largeFleet } from './large-fleet.ts';
import { worked } from './worked.ts';

/** A broadcast: every node says what it said before. */
export const unchanged: Row = {
  name: 'unchanged',
  title: '10,000 nodes answer a broadcast with unchanged content',
  async measure(rig) {
    const { world, fleet, count } = await largeFleet(rig);
    const order = { ...world.kafka, fleet, kind: 'announcement', nodes: count, times: 3 } as const;
    const gateway = () => worked(world, order.nodes * order.times, 'unchanged', world.topic('introspection'), order);
    const bare = async () => {
      const { consumed, loaded } = await consumedBare(world, order.nodes * order.times, (topic) =>
        world.load.run(produce, { ...order, topic }),
      );
      return (order.nodes * order.times * 1000) / (consumed.lastAt - loaded.startedAt);
    };
    await gateway();
    await bare();
    const writes = world.consulWrites;
    const rounds = await rig.inRounds(async () => ({
      gateway: await withCpuTime(world.gateway.pid, gateway),
      bare: await withCpuTime(world.yardstick.pid, bare),
    }));
    const cpu = (of: 'gateway' | 'bare') => median(rounds.map((round) => (round[of].cpu * 1000) / (order.nodes * order.times)));
    return [
      {
        what: 'unchanged announcements worked off',
        figure: median(rounds.map((round) => round.gateway.result)),
        unit: '/s',
        yardstick: { what: 'kafkajs with JSON.parse', figure: median(rounds.map((round) => round.bare.result)) },
        bar: ratioAtLeast(0.35),
      },
      {
        what: 'computing for an announcement',
        figure: cpu('gateway'),
        unit: 'µs',
        yardstick: { what: 'kafkajs with JSON.parse', figure: cpu('bare') },
      },
      { what: 'writes to Consul meanwhile', figure: world.consulWrites - writes, unit: 'calls', bar: atMost(0) },
    ];
  },
};
