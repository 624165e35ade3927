import { expect, test } from 'vitest';
import type { Link } from '../../../src/dashboard/gateway/link.ts';
import { alarms } from '../../../src/dashboard/status/alarms.ts';
import type { RegistryStatus } from '../../../src/dashboard/status/status-shape.ts';

const well: RegistryStatus = {
  stale: false,
  source: 'LIVE',
  asOf: 100_000,
  cursor: '0000000000000001',
  nodes: 1,
  backends: [{ name: 'CONSUL', available: true, circuit: 'CLOSED', lastError: null, since: 0 }],
  nodeCounts: [],
  gatewayId: 'gateway-1',
  environment: 'dev',
  version: '0.1.0',
  startedAt: 0,
  leader: true,
  subscribers: 1,
  consumerLag: 0,
  consumerPausedFor: [],
  expiriesHeldBack: 0,
  ejected: 0,
};
const live: Link = { state: 'live', since: 0 };

const found = (status: Partial<RegistryStatus>, link: Link = live) =>
  alarms(link, { status: { ...well, ...status }, viewer: null, fault: null }, 100_000);
const ids = (status: Partial<RegistryStatus>, link: Link = live) => found(status, link).map(({ id }) => id);

test('nothing is said when all is well', () => {
  expect(ids({})).toEqual([]);
});

test('a lost connection says since when and when it is tried again', () => {
  const [alarm] = found({}, { state: 'lost', since: 90_000, retryAt: 103_000, tries: 2, why: null });
  expect(alarm?.title).toMatch(/^No connection to the gateway since \d\d:\d\d:\d\d$/);
  expect(alarm?.meaning).toContain('Next try in 3 s.');
  expect(alarm?.isRetryable).toBe(true);
});

test('the guard is loud, with what it means and what to do', () => {
  const [alarm] = found({ expiriesHeldBack: 12 });
  expect(alarm).toMatchObject({ id: 'guard', level: 'bad', title: 'The mass-expiry guard holds back 12 nodes' });
  expect(alarm?.advice).toContain('15 %');
});

test('a back end that is away is named with its error', () => {
  const [alarm] = found({
    backends: [{ name: 'CONSUL', available: false, circuit: 'OPEN', lastError: 'connection refused', since: 50_000 }],
  });
  expect(alarm?.title).toContain('Consul does not answer since');
  expect(alarm?.meaning).toContain('Last error: connection refused');
});

test('one that answers again is a warning until its circuit is closed', () => {
  const [alarm] = found({ backends: [{ name: 'CONSUL', available: true, circuit: 'HALF_OPEN', lastError: null, since: 50_000 }] });
  expect(alarm?.level).toBe('warn');
});

test('the worst comes first', () => {
  expect(ids({ consumerPausedFor: ['POSTGRES'], stale: true })).toEqual(['stale', 'lag']);
});

test('a backlog of a moment is no alarm', () => {
  expect(ids({ consumerLag: 999 })).toEqual([]);
  expect(ids({ consumerLag: 1000 })).toEqual(['lag']);
});
