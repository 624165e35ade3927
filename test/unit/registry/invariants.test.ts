import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Announcement, Goodbye } from '../../../src/events/announcement.ts';
import { Alignment } from '../../../src/registry/alignment.ts';
import { RegistrationSaga, type SagaItem } from '../../../src/registry/saga.ts';
import { RegistryView } from '../../../src/registry/view.ts';
import { announcement, content, goodbye, nodeId, position } from './fakes/announcements.ts';
import { type CatalogFault, MemoryCatalog } from './fakes/memory-catalog.ts';
import { MemoryStore, type StoreFault } from './fakes/memory-store.ts';

const NODES = ['a', 'b', 'c'] as const;
const NOW = 1_700_000_000_000;

interface Said {
  readonly node: (typeof NODES)[number];
  /** Seconds on the node's clock. */
  readonly time: number;
  readonly epoch: number | null;
  readonly what: 'goodbye' | 'v1' | 'v2' | 'other type';
}

const said: fc.Arbitrary<Said> = fc.record({
  node: fc.constantFrom(...NODES),
  time: fc.integer({ min: 1, max: 12 }),
  epoch: fc.constant(null),
  what: fc.constantFrom('goodbye', 'v1', 'v1', 'v2', 'other type'),
});
const storeFault = fc.array(fc.constantFrom<StoreFault | null>(null, null, 'before', 'after', 'lost'), { maxLength: 25 });
const catalogFault = fc.array(fc.constantFrom<CatalogFault | null>(null, null, 'fail', 'applied'), { maxLength: 25 });

function eventOf({ node, time, epoch, what }: Said): Announcement | Goodbye {
  const order = { epoch, time: time * 1e6, payloadTime: time * 1e6 };
  if (what === 'goodbye') return goodbye(node, time, { said: order });
  const announced = content(node, what === 'other type' ? { type: 'compute' } : { version: what });
  return announcement(node, time, { content: announced, said: order });
}

/** The latest message of each node decides; at a tie a goodbye wins, and among announcements the one delivered first or last may. */
function expectedOf(messages: readonly Said[], node: string): readonly Said[] {
  const mine = messages.filter((message) => message.node === node);
  const last = Math.max(...mine.map(({ time }) => time));
  const latest = mine.filter(({ time }) => time === last);
  const goodbyes = latest.filter(({ what }) => what === 'goodbye');
  return goodbyes.length > 0 ? goodbyes : latest;
}

describe('the saga under duplicates, reordering and faults at every call', () => {
  it('should keep the invariants', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 20, maxLength: 20 }),
        storeFault,
        catalogFault,
        async (messages, repeats, batchSizes, storeFaults, catalogFaults) => {
          const store = new MemoryStore();
          const catalog = new MemoryCatalog();
          const view = new RegistryView();
          const log = pino({ level: 'silent' });
          const alignment = new Alignment({ store, catalog, log });
          const probe = { probe: async () => ({ status: 'passing', output: '' }) as const };
          const hearing = () => ({ now: NOW, since: 0, timeout: 90_000 });
          const saga = new RegistrationSaga({ store, catalog, probe, view, alignment, hearing, log });
          const [ofStore, ofCatalog] = [[...storeFaults], [...catalogFaults]];
          store.faults.chooser = () => ofStore.shift() ?? null;
          catalog.faults.chooser = () => ofCatalog.shift() ?? null;

          // Some are delivered again at the end, as after a crash before the commit of their offsets.
          const items = messages.map((message, offset): SagaItem => ({ position: position(offset), event: eventOf(message) }));
          const delivered = [...items, ...repeats.flatMap((repeat) => items[repeat % items.length] ?? [])];
          for (let start = 0, batch = 0; start < delivered.length; batch += 1) {
            const size = batchSizes[batch % batchSizes.length] ?? 1;
            let pending: readonly SagaItem[] = delivered.slice(start, start + size);
            for (let tries = 0; pending.length > 0; tries += 1) {
              expect(tries, 'Bounded: a back end that works again is enough').toBeLessThan(60);
              const { retry, refused, changes } = await saga.run(pending, []);
              expect(refused).toEqual([]);
              view.apply(changes);
              pending = retry;
            }
            start += size;
          }
          store.faults.clear();
          catalog.faults.clear();
          for (let rounds = 0; alignment.pending() > 0 && rounds < 5; rounds += 1) await alignment.restore(new Map([[nodeId('a'), []]]));

          const { entries } = store.log;
          for (const node of NODES) {
            const mine = messages.filter((message) => message.node === node);
            if (mine.length === 0) continue;
            const stored = store.node(nodeId(node));
            const candidates = expectedOf(messages, node);
            const outcome = stored?.state === 'REGISTERED' ? (stored.type === 'compute' ? 'other type' : stored.version) : 'goodbye';
            expect(
              candidates.map(({ what }) => what),
              'Agreement, No resurrection: what is stored is the latest valid announcement',
            ).toContain(outcome);
            const services = [...catalog.services.values()].filter(({ service }) => service.meta['node_id'] === node);
            const wanted = stored?.state === 'REGISTERED' ? [[stored.consulServiceId, stored.contentHash]] : [];
            expect(
              services.map(({ service }) => [service.id, service.meta['content_hash']]),
              'No partial registration: Consul holds what Postgres holds',
            ).toEqual(wanted);
          }
          expect(store.positions.total(), 'Nothing lost: applied + unchanged + superseded = produced').toBe(messages.length);
          expect(
            entries.map(({ cursor }) => Number(cursor)),
            'Watch: numbered without a hole',
          ).toEqual(entries.map((_, index) => index + 1));
          for (const node of NODES) {
            const types = entries.filter((entry) => entry.nodeId === node).map(({ type }) => type);
            types.forEach((type, index) => {
              const isIn = index > 0 && types[index - 1] !== 'REMOVED';
              expect(type === 'ADDED', `Watch: ${node} is added only while it is out (${types.join(', ')})`).toBe(!isIn);
            });
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
