import { until } from '../../until.ts';
import { atMost } from '../bar.ts';
import type { Row } from '../row.ts';
import { median, quantile } from '../statistics.ts';
import { timeRequests } from '../tasks/time-requests.ts';

export const openCircuit: Row = {
  name: 'open-circuit',
  title: 'a call refused by an open circuit',
  async measure(rig) {
    const world = await rig.world('small');
    const { gateway, load } = world;
    const { postgres } = world.stack;
    const target = (query: string, text: string) => ({
      url: `${gateway.url}/graphql`,
      body: JSON.stringify({ query }),
      count: rig.size(500),
      text,
    });
    const refused = target('{ changes(first: 1) { cursor } }', 'BACKEND_UNAVAILABLE');
    const answered = target('{ registryStatus { stale } }', '"stale"');
    await load.run(timeRequests, answered);
    await postgres.kill();
    await until(
      'the circuit of Postgres is open',
      async () => {
        await load.run(timeRequests, { ...refused, count: 1 });
        return (await gateway.health()).checks.circuit_breakers.postgres_circuit === 'open';
      },
      { timeout: 60_000 },
    );
    await load.run(timeRequests, refused);
    const rounds = await rig.inRounds(async () => ({
      refused: (await load.run(timeRequests, refused)).latencies,
      answered: (await load.run(timeRequests, answered)).latencies,
    }));
    return [
      {
        what: 'median of a refusal, over HTTP',
        figure: median(rounds.map((round) => median(round.refused))),
        unit: 'ms',
        yardstick: { what: 'an answer from memory', figure: median(rounds.map((round) => median(round.answered))) },
        bar: atMost(1),
      },
      {
        what: 'p95 of a refusal, over HTTP',
        figure: median(rounds.map((round) => quantile(round.refused, 0.95))),
        unit: 'ms',
        yardstick: { what: 'an answer from memory', figure: median(rounds.map((round) => quantile(round.answered, 0.95))) },
      },
    ];
  },
};
