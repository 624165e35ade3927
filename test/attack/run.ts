import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ATTACKS } from './attacks.ts';
import { HonestClient, type Latencies } from './honest.ts';

/**
 * Attacks a real server over 10,000 nodes in memory, one kind after the other, and says what that does to a client in its senses:
 * `npm run test:attack -- --seconds 3 --connections 32 --only deep`. Every attacker is a process of its own. It comes from another
 * address than the honest client, or with `--from 127.0.0.1` from the same, where it uses up what the two of them may.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    from: { type: 'string', default: '127.0.0.2' },
    rate: { type: 'string', default: '100' },
    only: { type: 'string', multiple: true },
  },
});
const time = Number(values.seconds) * 1000;

const here = (file: string) => new URL(file, import.meta.url);
const start = (file: string, args: readonly string[] = []): ChildProcess => fork(here(file), [...args], { execArgv: ['--import', 'tsx'] });

async function told<T>(child: ChildProcess, shape: z.ZodType<T>): Promise<T> {
  const [message] = await once(child, 'message');
  return shape.parse(message);
}

const server = start('server.ts');
const { port } = await told(server, z.object({ port: z.number() }));
const memory = async (): Promise<number> => {
  server.send('memory');
  return (await told(server, z.object({ rss: z.number() }))).rss / 1_048_576;
};

const honest = new HonestClient(port, Number(values.rate));
await honest.measure(2000);

const figures = ({ p50, p99 }: Latencies) => `${p50.toFixed(1).padStart(6)} ${p99.toFixed(1).padStart(7)}`;
process.stdout.write(`${'attack'.padEnd(24)} quiet p50  p99   under p50  p99  ratio  lost  RSS MB  tries/s  what came of them\n`);
for (const kind of values.only ?? Object.keys(ATTACKS)) {
  const quiet = await honest.measure(time);
  const attacker = start('attacker.ts', [kind, String(port), values.from, values.connections]);
  await told(attacker, z.object({ ready: z.literal(true) }));
  // Until its connections stand.
  await honest.measure(1000);
  const under = await honest.measure(time);
  const rss = await memory();
  attacker.send('stop');
  const { counts } = await told(attacker, z.object({ counts: z.record(z.string(), z.number()) }));
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const what = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', ');
  process.stdout.write(
    `${kind.padEnd(24)} ${figures(quiet)}   ${figures(under)}  ${(under.p99 / quiet.p99).toFixed(1).padStart(5)}  ${String(under.refused).padStart(4)}  ${rss.toFixed(0).padStart(6)}  ${((total * 1000) / (time + 1000)).toFixed(0).padStart(7)}  ${what}\n`,
  );
}
await honest.close();
server.disconnect();
