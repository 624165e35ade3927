import { describe, expect, it } from 'vitest';
import { staleHeader } from '../../../src/http/stale-header.ts';
import { T0 } from '../graphql/memory-registry.ts';
import { startServer } from './running-server.ts';

const QUERY = `/graphql?query=${encodeURIComponent('{ nodes { totalCount } }')}`;

describe('the header of stale answers', () => {
  it.each([
    [null, null],
    [{ stale: false, source: 'LIVE', asOf: T0 }, null],
    [{ stale: true, source: 'LIVE', asOf: T0 - 16_400 }, 'stale;source=live;age=16'],
    [{ stale: true, source: 'SNAPSHOT', asOf: T0 - 3_600_000 }, 'stale;source=snapshot;age=3600'],
    [{ stale: true, source: 'SNAPSHOT', asOf: T0 + 5000 }, 'stale;source=snapshot;age=0'],
  ] as const)('should say of %o: %s', (freshness, header) => {
    expect(staleHeader(freshness, T0)).toBe(header);
  });

  it('should be on every GraphQL answer while it is stale, and only then', async () => {
    const { url, registry } = await startServer({ now: () => T0 + 42_000 });
    expect((await fetch(`${url}${QUERY}`)).headers.get('registry-status')).toBeNull();
    registry.fresh = { stale: true, source: 'SNAPSHOT', asOf: T0 };
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ nope }' }) };
    for (const answer of [await fetch(`${url}${QUERY}`), await fetch(`${url}/graphql`, post)]) {
      expect(answer.headers.get('registry-status')).toBe('stale;source=snapshot;age=42');
    }
    expect((await fetch(`${url}/health/live`)).headers.get('registry-status')).toBeNull();
  });

  it('should be on a stream of events', async () => {
    const { url, registry } = await startServer({ now: () => T0 });
    registry.fresh = { stale: true, source: 'SNAPSHOT', asOf: T0 };
    const query = encodeURIComponent('subscription { registrationChanges(snapshot: true) { type } }');
    const answer = await fetch(`${url}/graphql?query=${query}`, { headers: { accept: 'text/event-stream' } });
    expect(answer.headers.get('registry-status')).toBe('stale;source=snapshot;age=0');
    await answer.body?.cancel();
  });

  it('should be readable for pages of allowed origins', async () => {
    const { url } = await startServer({ allowedOrigins: ['https://dashboard.example'] });
    const answer = await fetch(`${url}${QUERY}`, { headers: { origin: 'https://dashboard.example' } });
    expect(answer.headers.get('access-control-expose-headers')).toContain('Registry-Status');
  });
});
