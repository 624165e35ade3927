import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { ATTACKS } from '../../attack/attacks.ts';
import { HonestClient } from '../../attack/honest.ts';
import { LoadedRegistry } from '../../attack/loaded-registry.ts';
import { Tally } from '../../attack/tally.ts';
import { until } from '../../until.ts';
import { startServer } from './running-server.ts';

// A breath of each attack: that its limit stops it, and that a client in its senses is answered meanwhile. What it does to that client's
// latency is measured by `npm run test:attack`, on a machine that does nothing else.
/** What would take seconds to reach. */
const LIMITS = { ...defaultLimits(), LIMIT_INIT_WAIT: 50, LIMIT_MESSAGE_RATE: 100, LIMIT_DOCUMENT_RATE: 20 };

describe.concurrent('under attack', () => {
  it.each(Object.entries(ATTACKS))('should answer others: %s', { timeout: 20_000 }, async (_kind, { attack, limit }) => {
    const { port } = await startServer({ registry: new LoadedRegistry(500, 5), limits: LIMITS });
    const honest = new HonestClient(port, 100);
    // Known by now, as what people ask is: new documents are what an attack from the same address uses up.
    expect(await honest.ask(0)).toBe(true);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const tally = new Tally();
    const attacking = attack({ port, from: '127.0.0.1', connections: 2, tally, stop: stop.signal });
    try {
      for (let index = 0; index < 5; index++) expect(await honest.ask(index)).toBe(true);
      if (limit !== null) await until(`${limit} is named`, () => tally.counts.has(limit));
    } finally {
      stop.abort();
      await attacking;
      await honest.close();
    }
  });
});
