import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../bar.ts';
import type { GatewayProgram } from '../gateway-program.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { churn } from '../tasks/churn.ts';
import { httpLoad } from '../tasks/http-load.ts';
import { question } from './answers.ts';

/** Nodes that stay, and nodes that come and go. A longer soak is not one of more nodes. */
const STANDING = 1000;
const COMING = 200;
const SUBSCRIBERS = 50;
/** Rounds after which the buffer of recent changes, 10,000 entries, is as full as it gets: until then memory grows as it should. */
const WARM_UP = 30;
const PER_SECOND = 500;
/** Few, so that the gateway's own collections stay what keeps its memory down. */
const LOOKS = 24;
/** Milliseconds. */
const PATIENCE = 120_000;
const MEGABYTE = 1_048_576;

/** Bytes: what the process holds, and what of its heap is in use once all garbage is collected. */
interface Look {
  readonly rss: number;
  readonly heap: number;
}

export const soak: Row = {
  name: 'soak',
  title: 'memory after a soak: nodes and subscribers come and go, clients ask',
  async measure(rig) {
    const seconds = rig.seconds(60);
    const nodes = Math.min(COMING, rig.size(COMING));
    const world = await rig.world('soak', { CONSUL_MODE: 'catalog' });
    const standing = world.checkedFleet('standing', 10);
    await world.populate(standing, Math.min(STANDING, rig.size(STANDING)));
    const order = {
      ...world.kafka,
      topics: { introspection: world.topic('introspection'), heartbeat: world.topic('heartbeat') },
      url: world.gateway.url,
      fleet: world.newFleet('coming', 10, false),
      nodes,
      subscribers: Math.min(SUBSCRIBERS, rig.size(SUBSCRIBERS)),
      patience: PATIENCE,
    };
    rig.tell('warming up');
    const warmUp = Math.min(WARM_UP, rig.size(WARM_UP, 1));
    for (let round = 0; round < warmUp; round++) await world.load.run(churn, { ...order, seconds: 0, pace: 0 });
    rig.tell(`soaking for ${Math.round(seconds)} s`);
    const { result, looks } = await watched(
      world.gateway,
      (seconds * 1000) / LOOKS,
      (line) => rig.tell(line),
      Promise.all([
        world.load.run(churn, { ...order, seconds, pace: 1 }),
        world.yardstick.run(httpLoad, { ...question(world, standing), connections: 8, perSecond: PER_SECOND, seconds }),
      ]),
    );
    const [{ rounds }] = result;
    const third = Math.max(1, Math.floor(looks.length / 3));
    const [first, last] = [looks.slice(0, third), looks.slice(-third)];
    const growth = (figure: (some: readonly Look[]) => number) => (figure(last) / figure(first) - 1) * 100;
    return [
      {
        // What comes and goes is there at one look, and not at the next.
        what: 'growth of the least live heap, from the first third to the last',
        figure: growth((some) => Math.min(...some.map(({ heap }) => heap))),
        unit: '%',
        bar: atMost(5),
      },
      {
        what: 'growth of the median of RSS, likewise',
        figure: growth((some) => median(some.map(({ rss }) => rss))),
        unit: '%',
        bar: atMost(10),
      },
      { what: 'RSS in the last third', figure: median(last.map(({ rss }) => rss)) / MEGABYTE, unit: 'MB' },
      { what: 'registrations that came and went meanwhile', figure: rounds * nodes, unit: 'nodes' },
    ];
  },
};

/**
 * What the work comes to, and what the gateway held meanwhile: looked at every so many milliseconds, and three times at least. Of the heap
 * that is merely in use most is garbage, and more or less of it by the moment of V8's last collection.
 */
async function watched<T>(
  gateway: GatewayProgram,
  interval: number,
  tell: (line: string) => void,
  work: Promise<T>,
): Promise<{ result: T; looks: Look[] }> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  // Awaited below; until then a rejection has its handler here.
  done.catch(() => undefined);
  const inspector = await gateway.inspector();
  try {
    const looks: Look[] = [];
    while (!isDone || looks.length < 3) {
      const look = { rss: await gateway.memory(), heap: await inspector.liveHeap() };
      looks.push(look);
      tell(`RSS ${(look.rss / MEGABYTE).toFixed(1)} MB, live heap ${(look.heap / MEGABYTE).toFixed(2)} MB`);
      await Promise.race([sleep(interval), done]);
    }
    return { result: await done, looks };
  } finally {
    inspector.close();
  }
}
