import { createClient } from 'graphql-sse';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../../until.ts';
import { startServer } from '../running-server.ts';
import { accessOf, bearer, READ_TOKEN, TOKENS, WRONG_TOKEN } from './access.ts';
import { startIssuer } from './issuer.ts';

const WATCH = 'subscription { healthyServices(capability: "database.query") { nodeId } }';

describe('an event stream', () => {
  it('should begin with a token that counts only', async () => {
    const { url, registry } = await startServer({ access: accessOf(TOKENS) });
    const stream = (headers: Record<string, string>) =>
      fetch(`${url}/graphql?query=${encodeURIComponent(WATCH)}`, { headers: { accept: 'text/event-stream', ...headers } });
    for (const headers of [{}, bearer(WRONG_TOKEN)]) {
      const response = await stream(headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    expect(registry.subscribers).toBe(0);
    const response = await stream(bearer(READ_TOKEN));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/event-stream')]);
    await response.body?.cancel();
  });

  it('should break when its token expires, and the stock client go on with a fresh one', async () => {
    const issuer = await startIssuer();
    await issuer.newKey('one');
    // The clock stands until the test moves it. A timer looks at it when it fires, so that it finds out within its own length.
    const clock = { now: Math.floor(Date.now() / 1000) * 1000 };
    const { url, registry } = await startServer({ access: accessOf(issuer.env), now: () => clock.now });
    const first = await issuer.sign('one', clock.now);
    // A minute, and the 5 s by which clocks may differ.
    clock.now += 64_900;
    const tokens = [first, await issuer.sign('one', clock.now)];
    const client = createClient({
      url: `${url}/graphql`,
      headers: () => bearer(tokens.shift() ?? ''),
      retryAttempts: 5,
      retry: () => Promise.resolve(),
    });
    onTestFinished(() => client.dispose());
    const results: unknown[] = [];
    const errors: unknown[] = [];
    client.subscribe(
      { query: WATCH },
      { next: (result) => void results.push(result), error: (error) => void errors.push(error), complete: () => undefined },
    );
    await until('it subscribes', () => results.length === 1);
    clock.now += 100;
    await until('it subscribes again', () => results.length === 2);
    expect(errors).toEqual([]);
    expect(tokens).toEqual([]);
    await until('the first one has ended', () => registry.subscribers === 1);
  });
});
