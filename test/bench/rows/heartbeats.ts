import { ratioAtLeast } from '../bar.ts';
import { consumedBare } from '../consumption.ts';
import { withCpuTime } from '../cpu-time.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { produce } from '../tasks/produce.ts';
import { largeFleet } from './large-fleet.ts';
import { worked } from './worked.ts';

export const heartbeats: Row = {
  name: 'heartbeats',
  title: 'heartbeats of 10,000 nodes',
  async measure(rig) {
    const { world, fleet, count } = await largeFleet(rig);
    const order = { ...world.kafka, fleet, kind: 'heartbeat', nodes: count, times: 6 } as const;
    const gateway = () => worked(world, order.nodes * order.times, 'heartbeat', world.topic('heartbeat'), order);
    const bare = async () => {
      const { consumed, loaded } = await consumedBare(world, order.nodes * order.times, (topic) =>
        world.load.run(produce, { ...order, topic }),
      );
      return (order.nodes * order.times * 1000) / (consumed.lastAt - loaded.startedAt);
    };
    await gateway();
    await bare();
    const rounds = await rig.inRounds(async () => ({
      gateway: await withCpuTime(world.gateway.pid, gateway),
      bare: await withCpuTime(world.yardstick.pid, bare),
    }));
    const cpu = (of: 'gateway' | 'bare') => median(rounds.map((round) => (round[of].cpu * 1000) / (order.nodes * order.times)));
    return [
      {
        what: 'heartbeats worked off',
        figure: median(rounds.map((round) => round.gateway.result)),
        unit: '/s',
        yardstick: { what: 'kafkajs with JSON.parse', figure: median(rounds.map((round) => round.bare.result)) },
        bar: ratioAtLeast(0.5),
      },
      {
        what: 'computing for a heartbeat',
        figure: cpu('gateway'),
        unit: 'µs',
        yardstick: { what: 'kafkajs with JSON.parse', figure: cpu('bare') },
      },
    ];
  },
};
