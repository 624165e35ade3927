import { until } from '../../until.ts';
import { atMost } from '../bar.ts';
import { clock } from '../clock.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { question } from './answers.ts';
import { INSTANCES, largeFleet } from './large-fleet.ts';

export const fromSnapshot: Row = {
  name: 'from-snapshot',
  title: 'restarted while Kafka, Consul and Postgres are all down → answering from the last snapshot, marked stale',
  async measure(rig) {
    const { world, fleet, count } = await largeFleet(rig);
    const { gateway } = world;
    const services = [world.stack.kafka, world.stack.postgres, world.consulStack.consul];
    const { url, body } = question(world, fleet);
    const isAnswering = async () => {
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      const instances = (await response.text()).split('"nodeId"').length - 1;
      return instances === INSTANCES && (response.headers.get('registry-status') ?? '').includes('stale');
    };
    // A clean stop writes the snapshot.
    await gateway.stop();
    await Promise.all(services.map((service) => service.kill()));
    const times = await rig.inRounds(async () => {
      const startedAt = clock();
      await gateway.start();
      await until('it answers from its snapshot', isAnswering, { timeout: 60_000, interval: 10 });
      const seconds = (clock() - startedAt) / 1000;
      await gateway.stop();
      return seconds;
    });
    return [{ what: `from the start of the process until it answers, ${count} nodes`, figure: median(times), unit: 's', bar: atMost(3) }];
  },
};
