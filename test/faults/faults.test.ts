import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Campaign } from './campaign.ts';
import { FAIL_POINTS, type FailPoint } from './fail-point.ts';

// Fixed, so that a failure is one of the code. `npm run test:faults` draws others, in hundreds of rounds.
const SEED = 5;
const GATEWAYS = 3;
const RANDOM_ROUNDS = 2;

/** The fail points in groups, so that each of the gateways dies at another one. */
const groups = Array.from({ length: Math.ceil(FAIL_POINTS.length / GATEWAYS) }, (_, index) => ({
  round: index,
  points: FAIL_POINTS.slice(index * GATEWAYS, (index + 1) * GATEWAYS),
}));

// The rig looks at processes in /proc, which other systems do not have.
const isLinux = process.platform === 'linux';

/** One campaign for all tests of the suite that calls this. */
function campaignIn(mode: 'agent' | 'catalog'): () => Campaign {
  let campaign: Campaign | undefined;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-faults-'));
    // Postgres runs as another user where this is root.
    await chmod(folder, 0o711);
    const tell = (line: string) => console.log(line);
    campaign = await Campaign.start({ seed: SEED, folder, programs: inject('programs'), gateways: GATEWAYS, tell, mode });
  }, 180_000);

  afterAll(async () => {
    await campaign?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  return () => campaign ?? expect.unreachable('the campaign did not begin');
}

describe.runIf(isLinux)('rounds of faults, after each of which every invariant of the registry holds', () => {
  const campaign = campaignIn('agent');
  const reached = new Set<FailPoint>();

  it.each(groups)('should keep them when gateways are killed at $points', { retry: 0 }, async ({ round, points }) => {
    for (const point of await campaign().deaths(round, points)) reached.add(point);
  });

  it('should have killed a gateway at every fail point', { retry: 0, timeout: 180_000 }, async () => {
    for (let round = groups.length; round < groups.length + 4; round += 1) {
      const missing = FAIL_POINTS.filter((point) => !reached.has(point));
      const [first] = missing;
      if (first === undefined) break;
      // A gateway does not come to every point in a few seconds: now more of them are sent to each.
      const points = Array.from({ length: GATEWAYS }, (_, index) => missing[index % missing.length] ?? first);
      for (const point of await campaign().deaths(round, points)) reached.add(point);
    }
    expect(FAIL_POINTS.filter((point) => !reached.has(point))).toEqual([]);
  });

  it('should keep them when all three back ends are killed at once', { retry: 0 }, async () => {
    await campaign().faults(99, ['kafka killed', 'consul killed', 'postgres killed']);
  });

  it.each(Array.from({ length: RANDOM_ROUNDS }, (_, index) => 100 + index))(
    'should keep them in round %i, whatever it draws',
    { retry: 0 },
    async (round) => {
      await campaign().round(round);
    },
  );
});

describe.runIf(isLinux)('the same where services stand on virtual nodes of the catalog', () => {
  const campaign = campaignIn('catalog');

  it('should keep them when gateways are killed amid registrations', { retry: 0 }, async () => {
    const points = ['Consul register sent', 'registered in Consul', 'Consul done, nothing written'] as const;
    expect(await campaign().deaths(0, points)).not.toEqual([]);
  });

  it('should keep them when Consul loses its data, and somebody meddles with what is there', { retry: 0 }, async () => {
    await campaign().faults(1, ['drift in Consul', 'Consul lost its data']);
  });

  it('should keep them in a round, whatever it draws', { retry: 0 }, async () => {
    await campaign().round(100);
  });
});
