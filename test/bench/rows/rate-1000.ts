import { atLeast } from '../bar.ts';
import type { Row } from '../row.ts';
import { quantile } from '../statistics.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';

const PER_SECOND = 1000;

/** A load scenario of the former registry, at which it gave up. */
export const rate1000: Row = {
  name: 'rate-1000',
  title: '1,000 registrations a second, catalog mode',
  async measure(rig) {
    const world = await rig.world('rate-1000', { CONSUL_MODE: 'catalog' });
    const count = rig.size(10_000, 100);
    const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, patience: 300_000 };
    const warmUp = world.newFleet('rate-warm-up', 10);
    await world.load.run(announceAndSee, { ...order, fleet: warmUp, from: 0, count: rig.size(500), perSecond: null });
    const fleet = world.newFleet('rate', 10);
    const { seen, latencies } = await world.load.run(announceAndSee, { ...order, fleet, from: 0, count, perSecond: PER_SECOND });
    return [
      // What is announced over so many seconds is seen a little later; a registry that keeps up comes to nearly all of it.
      { what: `registrations of ${count} nodes`, figure: (count * 1000) / (seen.at(-1) ?? Number.NaN), unit: '/s', bar: atLeast(950) },
      { what: 'p95 until a subscriber has the change', figure: quantile(latencies, 0.95), unit: 'ms' },
    ];
  },
};
