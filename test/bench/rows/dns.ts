import { atMost } from '../bar.ts';
import { serviceNameOf } from '../fleet.ts';
import type { Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import { timeDns } from '../tasks/time-dns.ts';

export const dns: Row = {
  name: 'dns',
  title: 'Consul DNS answer for a registered service',
  async measure(rig) {
    const world = await rig.world('small');
    const fleet = world.checkedFleet('hundred', 10);
    await world.populate(fleet, rig.size(100));
    const { host, dnsPort } = world.consulStack.consul;
    const order = { server: `${host}:${dnsPort}`, name: `${serviceNameOf(fleet, 0)}.service.consul`, count: rig.size(500) };
    await world.load.run(timeDns, order);
    const rounds = await rig.inRounds(() => world.load.run(timeDns, order));
    if (rounds.some(({ records }) => records === 0)) throw new Error('Consul answers with no record');
    return [
      { what: 'p95 of an answer', figure: median(rounds.map(({ latencies }) => quantile(latencies, 0.95))), unit: 'ms', bar: atMost(10) },
    ];
  },
};
