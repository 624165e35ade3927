import type { Rig } from './rig.ts';
import { announceAndSee } from './tasks/announce-and-see.ts';
import type { World } from './world.ts';

const NODES = 50;
const EDITIONS = 40;
const PER_SECOND = 250;

/**
 * A few nodes that change again and again, until the gateway has registered some thousands: Node compiles what it runs often, and a gateway
 * that has just started takes three times as long for everything. The nodes are few, since an agent slows down with what it holds. Returns how many stand then.
 */
export async function warmUp(rig: Rig, world: World): Promise<number> {
  const fleet = world.newFleet('warm-up', 10);
  const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, fleet, patience: 60_000 };
  const count = rig.size(NODES);
  for (let edition = 0; edition < rig.size(EDITIONS, 1); edition++) {
    await world.load.run(announceAndSee, { ...order, from: 0, count, edition, perSecond: PER_SECOND });
  }
  return count;
}
