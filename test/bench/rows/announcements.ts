import { atMost, type Bar } from '../bar.ts';
import { consumedBare } from '../consumption.ts';
import { withCpuTime } from '../cpu-time.ts';
import type { Rig } from '../rig.ts';
import type { Measurement, Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import { announce } from '../tasks/announce.ts';
import { announceAndSee } from '../tasks/announce-and-see.ts';
import { warmUp } from '../warm-up.ts';

const PER_SECOND = 100;

/** From Kafka through Consul and Postgres to somebody who follows the registry. */
export const announcements: Row = {
  name: 'announcements',
  title: 'announcement produced → change at a WebSocket subscriber, 100 announcements/s of new nodes',
  // After ten seconds of this an agent holds more than it is made for: it is measured at its beginning, and the catalog for as long as one likes.
  measure: async (rig) => [...(await inMode(rig, 'catalog')), ...(await inMode(rig, 'agent'))],
};

async function inMode(rig: Rig, mode: 'agent' | 'catalog'): Promise<readonly Measurement[]> {
  const world = await rig.world(`announcements-${mode}`, { CONSUL_MODE: mode });
  const fleet = world.newFleet(`new-${mode}`, 10);
  let from = 0;
  const count = rig.size(250);
  const gateway = async () => {
    const order = { ...world.kafka, topic: world.topic('introspection'), url: world.gateway.url, fleet, count, patience: 60_000 };
    const { latencies } = await world.load.run(announceAndSee, { ...order, from, perSecond: PER_SECOND });
    from += count;
    return latencies;
  };
  const bare = async () => {
    const { consumed, loaded } = await consumedBare(world, count, (topic) =>
      world.load.run(announce, { ...world.kafka, topic, fleet, from: 0, count, perSecond: PER_SECOND }),
    );
    const sent = new Map(loaded.sent);
    return consumed.arrivals.map(([key, at]) => at - (sent.get(key) ?? Number.NaN));
  };
  await warmUp(rig, world);
  const rounds = await rig.inRounds(async () => {
    const { result, cpu } = await withCpuTime(world.gateway.pid, gateway);
    return { gateway: result, cpu, bare: await bare() };
  });
  const line = (name: string, share: number, bar: Bar): Measurement => ({
    what: `${name} of the latency, ${mode} mode`,
    figure: median(rounds.map((round) => quantile(round.gateway, share))),
    unit: 'ms',
    yardstick: { what: 'bare kafkajs consumer', figure: median(rounds.map((round) => quantile(round.bare, share))) },
    bar,
  });
  return [
    line('p50', 0.5, atMost(15)),
    line('p95', 0.95, atMost(50)),
    line('p99', 0.99, atMost(100)),
    {
      what: `computing of the gateway for an announcement, ${mode} mode`,
      figure: median(rounds.map(({ cpu }) => cpu / count)),
      unit: 'ms',
    },
  ];
}
