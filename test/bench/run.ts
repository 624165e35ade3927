/*
 * `npm run bench`: measures every bar beside its yardstick, on real services that it starts and stops, and prints one table.
 * `npm run bench -- healthy-services fan-out` measures those rows; `--list` names all of them. `--rounds 3`: how often each figure is
 * measured, the median counts. `--scale 0.1`: smaller fleets and shorter loads, for a first look. `--json <file>`: where the figures go,
 * by default .data/bench.json. `--markdown`: the table as Markdown, without what is held against no bar. `--from <file>` measures
 * nothing and prints the table of that file. `--cpu-prof <folder>`: profiles of the gateways. `--node=--trace-gc`, any number of times: an
 * option for their Node. `--keep`: their logs stay.
 * Exit code 1 when a row could not be measured; a bar that is not met is none.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/errors.ts';
import { listenForStop } from '../../src/local/stop-request.ts';
import { circumstances } from './circumstances.ts';
import { lineOf, type Report, type ReportedRow, report as reportShape } from './report.ts';
import { Rig } from './rig.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';
import { markdownTable, origin, textTable } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string', default: join('.data', 'bench.json') },
    from: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
    node: { type: 'string', multiple: true, default: [] },
  },
});
const tell = (line: string) => process.stderr.write(`${line}\n`);

if (values.list) for (const { name, title } of ROWS) process.stdout.write(`${name.padEnd(24)} ${title}\n`);
else if (values.from !== undefined) print(reportShape.parse(JSON.parse(await readFile(values.from, 'utf8'))));
else await bench(chosen(positionals));

function print(report: Report): void {
  process.stdout.write(values.markdown ? markdownTable(report.rows) : textTable(report.rows));
  process.stdout.write(`\n${origin(report)}`);
}

/** Throws for a name that no row has. */
function chosen(names: readonly string[]): readonly Row[] {
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}; npm run bench -- --list names all of them`);
  return names.length === 0 ? ROWS : ROWS.filter(({ name }) => names.includes(name));
}

async function bench(rows: readonly Row[]): Promise<void> {
  const options = { scale: Number(values.scale), rounds: Number(values.rounds) };
  if (!(options.scale > 0) || !Number.isSafeInteger(options.rounds) || options.rounds < 1) {
    throw new Error('--scale takes a number above 0, --rounds a whole one');
  }
  const folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-bench-'));
  const profiles = values['cpu-prof'];
  const nodeOptions = [...values.node, ...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profiles)}`])];
  const stopping = listenForStop(Date.now, () => process.exit(130));
  tell('starting Kafka, Consul and Postgres');
  const rig = await Rig.start({ ...options, folder, shared: false, program: 'built', nodeOptions, tell });
  const measuredRows: ReportedRow[] = [];
  try {
    const where = await circumstances(rig.stack);
    for (const row of rows) {
      tell(`${row.name}: ${row.title}`);
      const result = await Promise.race([measured(row, rig), aborted(stopping.signal)]);
      measuredRows.push(result);
      tell(textTable([result]));
      // After each row: what broke off half-way has told what it knows.
      await mkdir(dirname(values.json), { recursive: true });
      await writeFile(values.json, `${JSON.stringify({ ...where, ...options, rows: measuredRows } satisfies Report, null, 2)}\n`);
    }
    print({ ...where, ...options, rows: measuredRows });
    tell(`written to ${values.json}`);
    if (measuredRows.some(({ error }) => error !== null)) process.exitCode = 1;
  } catch (error) {
    if (error !== stopping.signal.reason) throw error;
    tell(messageOf(error));
  } finally {
    await rig.stop();
    if (!values.keep) await rm(folder, { recursive: true, force: true });
    else tell(`the logs are in ${folder}`);
    stopping.close();
  }
  // The row that was broken off may still be waiting for something.
  if (stopping.signal.aborted) process.exit(130);
}

async function measured(row: Row, rig: Rig): Promise<ReportedRow> {
  const { name, title } = row;
  try {
    return { row: name, title, measurements: (await row.measure(rig)).map(lineOf), error: null };
  } catch (error) {
    tell(error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error));
    return { row: name, title, measurements: [], error: messageOf(error) };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
