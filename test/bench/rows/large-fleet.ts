import type { Rig } from '../rig.ts';

/** Instances of each capability. */
export const INSTANCES = 10;

/** A gateway with so many nodes; all rows that ask for it share it. */
export async function largeFleet(rig: Rig) {
  const count = rig.size(10_000);
  // An agent alone is not made for so many.
  const world = await rig.world('large-fleet', { CONSUL_MODE: 'catalog' }, true);
  const fleet = world.checkedFleet('large', INSTANCES);
  rig.tell(`registering ${count} nodes, unless they are registered already`);
  await world.populate(fleet, count);
  return { world, fleet, count };
}
