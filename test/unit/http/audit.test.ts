import { serverAudits } from 'graphql-http';
import { describe, expect, it } from 'vitest';
import { startServer } from './running-server.ts';

describe('the GraphQL-over-HTTP audit', () => {
  let url = '';
  const audits = serverAudits({ url: () => `${url}/graphql` });

  it('should be the whole suite', () => {
    expect(audits).toHaveLength(61);
  });

  // Also what the suite calls a warning or a notice fails here.
  it.each(audits)('$id: $name', async ({ fn }) => {
    url = (await startServer()).url;
    const result = await fn();
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok');
  });
});
