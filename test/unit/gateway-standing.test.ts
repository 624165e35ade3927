import { expect, it } from 'vitest';
import { standingOf } from '../../src/gateway-standing.ts';
import { HEALTHY } from './http/running-server.ts';

const self = { gatewayId: 'gateway-1', version: '1.2.3' };

it('should tell readers what /health tells probes', () => {
  const standing = standingOf(HEALTHY, self);
  expect(standing).toMatchObject({ ...self, environment: 'test', isHealthy: true, leads: true, consumerLag: 0, subscribers: 2 });
  expect(standing.backends.map(({ name }) => name)).toEqual(['kafka', 'consul', 'postgres']);
});

it.each([{ expiriesHeldBack: 3 }, { stale: true }, { consumerTaskRunning: false }, { ready: false }])(
  'should not be healthy with %o',
  (change) => {
    expect(standingOf({ ...HEALTHY, ...change }, self).isHealthy).toBe(false);
  },
);
