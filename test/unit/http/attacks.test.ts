import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../../src/config/limits.ts';
import { ATTACKS, type Attack } from '../../attack/attacks.ts';
import { DOCUMENT_ATTACKS } from '../../attack/documents.ts';
import { HonestClient } from '../../attack/honest.ts';
import { LoadedRegistry } from '../../attack/loaded-registry.ts';
import { Tally } from '../../attack/tally.ts';
import { until } from '../../until.ts';
import { startServer } from './running-server.ts';

async function attacked(limits: Partial<Limits>) {
  const { port } = await startServer({ registry: new LoadedRegistry(100, 5), limits: { ...defaultLimits(), ...limits } });
  const honest = new HonestClient(port, 100);
  // Known from here on, as what people ask is: new documents are what an attack from the same address uses up.
  expect(await honest.ask(0)).toBe(true);
  /** Until its limit has stopped it, and the honest client was answered meanwhile. */
  const stand = async (attack: Attack, limit: string | null) => {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const tally = new Tally();
    const attacking = attack({ port, from: '127.0.0.1', connections: 2, tally, stop: stop.signal });
    try {
      for (let index = 0; index < 3; index++) expect(await honest.ask(index)).toBe(true);
      if (limit !== null) await until(`${limit} is named`, () => tally.counts.has(limit), { interval: 5 });
    } finally {
      stop.abort();
      await attacking;
    }
  };
  return { stand, close: () => honest.close() };
}

// A breath of each attack: that its limit stops it, and that a client in its senses is answered meanwhile. What it does to that client's
// latency is measured by `npm run test:attack`, on a machine that does nothing else.
describe('under attack', () => {
  it('should answer others, whatever documents come', async () => {
    const server = await attacked({ LIMIT_REFUSAL_RATE: 0, LIMIT_DOCUMENT_RATE: 0 });
    for (const [kind, { limit }] of Object.entries(DOCUMENT_ATTACKS)) {
      const { attack } = ATTACKS[kind] ?? {};
      if (attack === undefined) throw new Error(`there is no attack called ${kind}`);
      await server.stand(attack, limit === 'LIMIT_DOCUMENT_RATE' ? null : limit);
    }
    await server.close();
  });

  const others = Object.entries(ATTACKS).filter(
    ([kind, { limit }]) => !Object.hasOwn(DOCUMENT_ATTACKS, kind) || limit === 'LIMIT_DOCUMENT_RATE',
  );
  it.each(others)('should answer others: %s', async (_kind, { attack, limit }) => {
    // What would take seconds to reach.
    const server = await attacked({ LIMIT_INIT_WAIT: 50, LIMIT_MESSAGE_RATE: 100, LIMIT_DOCUMENT_RATE: 20 });
    await server.stand(attack, limit);
    await server.close();
  });
});
