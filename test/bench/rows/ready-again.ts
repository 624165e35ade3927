import { rm } from 'node:fs/promises';
import { atMost } from '../bar.ts';
import { clock } from '../clock.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { largeFleet } from './large-fleet.ts';

export const readyAgain: Row = {
  name: 'ready-again',
  title: 'ready again with 10,000 nodes in Postgres',
  async measure(rig) {
    const { world, count } = await largeFleet(rig);
    const { gateway, config } = world;
    const times = await rig.inRounds(async () => {
      await gateway.stop();
      // From Postgres, not from its own snapshot.
      if (config.snapshot.file !== null) await rm(config.snapshot.file, { force: true });
      const startedAt = clock();
      await gateway.start();
      await gateway.until('it is ready', ({ ready, stale, metrics }) => ready && !stale && metrics.known_nodes >= count);
      return (clock() - startedAt) / 1000;
    });
    return [{ what: `from the start of the process until ready, ${count} nodes`, figure: median(times), unit: 's', bar: atMost(3) }];
  },
};
