import { atMost, ratioAtLeast } from '../bar.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { answersOf, answerWith, question } from './answers.ts';
import { INSTANCES, largeFleet } from './large-fleet.ts';

/** Whether an answer costs more where many other nodes are. */
export const healthyServicesLarge: Row = {
  name: 'healthy-services-large',
  title: 'the same at 10,000 nodes instead of 100',
  async measure(rig) {
    const small = await rig.world('small');
    const few = small.checkedFleet('hundred', INSTANCES);
    await small.populate(few, rig.size(100, INSTANCES));
    await answerWith(small, few, INSTANCES);
    await answersOf(rig, small, small.gateway.pid, question(small, few));
    const before = await rig.inRounds(() => answersOf(rig, small, small.gateway.pid, question(small, few)));

    const { world, fleet, count } = await largeFleet(rig);
    await answerWith(world, fleet, INSTANCES);
    await answersOf(rig, world, world.gateway.pid, question(world, fleet));
    const rounds = await rig.inRounds(() => answersOf(rig, world, world.gateway.pid, question(world, fleet)));
    return [
      {
        what: `answers at ${count} nodes`,
        figure: median(rounds.map(({ perSecond }) => perSecond)),
        unit: '/s',
        yardstick: { what: 'at 100 nodes', figure: median(before.map(({ perSecond }) => perSecond)) },
        bar: ratioAtLeast(0.9),
      },
      { what: 'p99 of an answer', figure: median(rounds.map(({ p99 }) => p99)), unit: 'ms', bar: atMost(5) },
      {
        what: 'computing for an answer',
        figure: median(rounds.map(({ cpuMicroseconds }) => cpuMicroseconds)),
        unit: 'µs',
        yardstick: { what: 'at 100 nodes', figure: median(before.map(({ cpuMicroseconds }) => cpuMicroseconds)) },
      },
    ];
  },
};
