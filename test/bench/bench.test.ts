import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineOf } from './report.ts';
import { Rig } from './rig.ts';
import { ROWS } from './rows.ts';
import { textTable } from './table.ts';

/** What takes Consul more than a minute by itself. */
const QUICK = { CONSUL_CHECK_INTERVAL: '1s', CONSUL_CHECK_TIMEOUT: '1s', CONSUL_FAILURES_BEFORE_CRITICAL: '0' };

// Memory and processor time of a process are read in /proc, which other systems do not have.
const isLinux = process.platform === 'linux';

// Every row at the smallest size, so that the benchmark cannot rot. How fast anything is, is not for a test to say.
describe.runIf(isLinux)('npm run bench', () => {
  let folder: string;
  let rig: Rig;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-bench-'));
    // Postgres runs as another user where this is root.
    await chmod(folder, 0o711);
    rig = await Rig.start({
      folder,
      scale: 0.001,
      rounds: 1,
      shared: true,
      program: 'sources',
      env: QUICK,
      tell: (line) => console.log(line),
    });
  });

  afterAll(async () => {
    await rig?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(ROWS.map((row) => [row.name, row] as const))('should measure %s', async (_name, row) => {
    const measurements = await row.measure(rig);

    expect(measurements.length).toBeGreaterThan(0);
    for (const { what, figure, yardstick } of measurements) {
      expect(figure, what).toSatisfy(Number.isFinite);
      // A difference of two times may be nothing at this size.
      if (yardstick !== undefined) expect(yardstick.figure, what).toSatisfy(Number.isFinite);
    }
    expect(textTable([{ row: row.name, title: row.title, measurements: measurements.map(lineOf), error: null }])).toContain(row.name);
  });
});
