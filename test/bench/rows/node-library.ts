import { atMost } from '../bar.ts';
import type { Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import { nodeLibrary as task } from '../tasks/node-library.ts';

/** The library's own default. Milliseconds. */
const HEARTBEAT_INTERVAL = 30_000;

export const nodeLibrary: Row = {
  name: 'node-library',
  title: 'node library: extract and publish, message size, heartbeat',
  async measure(rig) {
    const world = await rig.world('small');
    const rounds = await rig.inRounds(() =>
      world.load.run(task, {
        ...world.kafka,
        topics: { introspection: world.topic('introspection'), heartbeat: world.topic('heartbeat') },
        count: rig.size(200),
        heartbeats: rig.seconds(5) * 1000,
      }),
    );
    return [
      {
        what: 'p95 of extract and publish, until Kafka has it',
        figure: median(rounds.map(({ publish }) => quantile(publish, 0.95))),
        unit: 'ms',
        yardstick: { what: 'the same bytes, sent by bare kafkajs', figure: median(rounds.map(({ bare }) => quantile(bare, 0.95))) },
        bar: atMost(5),
      },
      { what: 'p95 of extract alone', figure: median(rounds.map(({ extract }) => quantile(extract, 0.95))), unit: 'ms' },
      { what: 'size of an announcement', figure: Math.max(...rounds.map(({ bytes }) => bytes)), unit: 'bytes', bar: atMost(2048) },
      {
        what: 'of a core for a heartbeat every 30 s',
        figure: (100 * median(rounds.map(({ heartbeatCpu }) => heartbeatCpu))) / HEARTBEAT_INTERVAL,
        unit: '%',
        bar: atMost(0.1),
      },
    ];
  },
};
