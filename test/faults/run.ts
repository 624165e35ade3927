/*
 * `npm run test:faults`: many rounds of faults on real services. `--rounds 200` (default 20), `--seed 7` (default: drawn, and printed),
 * `--round 12` runs that round alone, `--mode catalog` with CONSUL_MODE=catalog. Ends with the figures; exit code 1 when an invariant broke, and then the logs are kept.
 */
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compilePrograms } from '../programs.ts';
import { Campaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    round: { type: 'string' },
    mode: { type: 'string', default: 'agent' },
  },
});
const seed = Number(values.seed ?? randomInt(1, 1_000_000));
const rounds = values.round === undefined ? Array.from({ length: Number(values.rounds) }, (_, index) => index) : [Number(values.round)];
if (![seed, ...rounds].every(Number.isSafeInteger)) throw new Error('--rounds, --seed and --round take whole numbers');

const { mode } = values;
if (mode !== 'agent' && mode !== 'catalog') throw new Error('--mode is agent or catalog');

const folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-faults-'));
// Postgres runs as another user where this is root.
await chmod(folder, 0o711);
const tell = (line: string) => console.log(line);
tell(`seed ${seed}, ${rounds.length} rounds, CONSUL_MODE=${mode}`);
const began = performance.now();
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!isStopping) tell('stopping after this round');
    isStopping = true;
  });
}
const programs = join(folder, 'programs');
await compilePrograms(programs);
const campaign = await Campaign.start({ seed, folder, programs, gateways: 2, tell, mode });
try {
  for (const round of rounds) if (!isStopping) await campaign.round(round);
  const { totals } = campaign;
  const { messages, changes } = totals;
  const lost = messages.due - messages.arrived + changes.due - changes.arrived;
  const minutes = ((performance.now() - began) / 60_000).toFixed(0);
  for (const [name, count] of [...totals.byFault].sort(([, a], [, b]) => b - a)) tell(`${String(count).padStart(5)}  ${name}`);
  tell(
    `${totals.rounds} rounds passed in ${minutes} min with seed ${seed}: ${totals.faults} faults injected, ${messages.arrived} messages ` +
      `(${totals.announcements} announcements and goodbyes), ${changes.arrived} changes delivered, lost ${lost}, ` +
      `doubled ${messages.repeated + changes.repeated}, ` +
      `largest gateway ${Math.round(totals.memory / 1_048_576)} MB`,
  );
  await campaign.stop();
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(`The logs are in ${folder}`);
  process.exitCode = 1;
  await campaign.stop();
}
process.exit();
