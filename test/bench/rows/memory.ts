import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../bar.ts';
import type { Row } from '../row.ts';
import { holdSubscribers } from '../tasks/hold-subscribers.ts';
import { httpLoad } from '../tasks/http-load.ts';
import { produce } from '../tasks/produce.ts';
import { question } from './answers.ts';
import { largeFleet } from './large-fleet.ts';

const MB = 1_048_576;
const LOOK = 200;
/** What the former registry allowed itself under load. */
const FORMER_LIMIT = 512;

export const memory: Row = {
  name: 'memory',
  title: 'memory, 10,000 nodes and 1,000 subscribers',
  async measure(rig) {
    const { world, fleet, count } = await largeFleet(rig);
    const sockets = rig.size(1000);
    const standing = (await world.gateway.health()).metrics.subscribers;
    await world.load.run(holdSubscribers, { url: world.gateway.url, sockets });
    await world.gateway.until('all subscribe', ({ metrics }) => metrics.subscribers >= standing + sockets);
    const quiet = await largest(world.gateway, sleep(rig.seconds(5) * 1000));
    const load = Promise.all([
      world.yardstick.run(httpLoad, { ...question(world, fleet), connections: 32, seconds: rig.seconds(10) }),
      world.load.run(produce, {
        ...world.kafka,
        topic: world.topic('introspection'),
        fleet,
        kind: 'announcement',
        nodes: count,
        times: 2,
      }),
    ]);
    const busy = await largest(world.gateway, load);
    return [
      { what: `RSS with ${count} nodes and ${sockets} subscribers`, figure: quiet / MB, unit: 'MB', bar: atMost(256) },
      {
        what: 'the same under load (32 connections that ask, all nodes announce)',
        figure: busy / MB,
        unit: 'MB',
        bar: atMost(FORMER_LIMIT),
      },
    ];
  },
};

/** Bytes, the most of all looks until the work is done. */
async function largest(gateway: { memory(): Promise<number> }, work: Promise<unknown>): Promise<number> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  let most = await gateway.memory();
  while (!isDone) {
    await sleep(LOOK);
    most = Math.max(most, await gateway.memory());
  }
  await done;
  return most;
}
