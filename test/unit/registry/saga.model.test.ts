import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NodeContent } from '../../../src/events/announcement.ts';
import type { AcceptedMessage, NodeRecord } from '../../../src/registry/node-record.ts';
import type { CatalogFault } from './fakes/memory-catalog.ts';
import type { StoreFault } from './fakes/memory-store.ts';
import { announcement, goodbye, heartbeat, nodeId, T0 } from './fakes/messages.ts';
import { ModelGateway } from './fakes/model-gateway.ts';

const NODES = ['a', 'b', 'c'] as const;
type NodeName = (typeof NODES)[number];

const CONTENTS: Readonly<Record<string, Partial<NodeContent>>> = {
  v1: {},
  v2: { version: '2.0.0' },
  compute: { type: 'compute' },
  instance: { instance: 'second' },
};

interface Said {
  readonly kind: 'say';
  readonly node: NodeName;
  readonly epoch: number;
  /** Seconds on the node's clock. */
  readonly time: number;
  readonly what: 'goodbye' | 'v1' | 'v2' | 'compute' | 'instance';
  readonly reason: 'startup' | 'periodic';
}

type Step =
  | Said
  | { readonly kind: 'beat'; readonly node: NodeName }
  | { readonly kind: 'remove'; readonly node: NodeName }
  | { readonly kind: 'consume'; readonly count: number; readonly commits: boolean }
  | { readonly kind: 'replay' };

const node = fc.constantFrom(...NODES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('say'),
      node,
      epoch: fc.integer({ min: 1, max: 2 }),
      time: fc.integer({ min: 1, max: 9 }),
      what: fc.constantFrom('goodbye', 'v1', 'v1', 'v2', 'compute', 'instance'),
      reason: fc.constantFrom('startup', 'startup', 'periodic'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('beat'), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), node }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('consume'), count: fc.integer({ min: 1, max: 6 }), commits: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay') }) },
);
const storeFaults = fc.array(
  fc.constantFrom<StoreFault | null>(null, null, 'before', 'after', 'lost', 'contention', 'killed', 'killed later'),
  {
    maxLength: 20,
  },
);
const catalogFaults = fc.array(fc.constantFrom<CatalogFault | null>(null, null, 'fail', 'applied', 'killed', 'killed later'), {
  maxLength: 20,
});

/** One number for the order of messages: epoch first, then time. */
const orderOf = ({ epoch, time }: Pick<Said, 'epoch' | 'time'>) => epoch * 1000 + time;
const acceptedOrder = ({ epoch, time }: AcceptedMessage) => orderOf({ epoch: epoch ?? 0, time: (time / 1000 - T0) / 1000 });

function contentOf(stored: NodeRecord): Said['what'] {
  if (stored.instance !== null) return 'instance';
  if (stored.type === 'compute') return 'compute';
  return stored.version === '2.0.0' ? 'v2' : 'v1';
}

/** What an operator's last removal of each node fences. */
type Fences = ReadonlyMap<NodeName, number>;

async function play(gateway: ModelGateway, steps: readonly Step[]): Promise<Fences> {
  const fences = new Map<NodeName, number>();
  for (const now of steps) {
    switch (now.kind) {
      case 'say': {
        const order = { at: now.time * 1000, epoch: now.epoch };
        const announced = { content: CONTENTS[now.what] ?? {}, reason: now.reason };
        gateway.produce(now.what === 'goodbye' ? goodbye(now.node, order) : announcement(now.node, { ...order, ...announced }));
        break;
      }
      case 'beat':
        gateway.produce(heartbeat(now.node));
        break;
      case 'remove': {
        const isKnown = await gateway.deregister(now.node);
        const stored = gateway.core.store.node(nodeId(now.node));
        if (isKnown && stored !== undefined) fences.set(now.node, acceptedOrder(stored.accepted));
        break;
      }
      case 'consume':
        await gateway.consume(now.count, now.commits);
        break;
      case 'replay':
        gateway.replay();
        break;
    }
  }
  return fences;
}

/** Agreement, and No resurrection, of one node. */
function checkNode(name: NodeName, stored: NodeRecord | undefined, messages: readonly Said[], fence: number | undefined): void {
  const mine = messages.filter((message) => message.node === name);
  const state = stored?.state;
  if (fence === undefined) {
    const last = Math.max(...mine.map(orderOf));
    const latest = mine.filter((message) => orderOf(message) === last).map(({ what }) => what);
    const expected = latest.includes('goodbye') ? ['goodbye'] : latest.length === 0 ? [undefined] : latest;
    const found = stored === undefined ? undefined : state === 'REGISTERED' ? contentOf(stored) : 'goodbye';
    expect(expected, `Agreement, No resurrection: ${name} stands as its latest message says`).toContain(found);
    return;
  }
  const later = mine.filter((message) => orderOf(message) > fence);
  const startups = later.filter(({ what, reason }) => what !== 'goodbye' && reason === 'startup');
  if (startups.length === 0) {
    expect([state, stored?.stateReason], `No resurrection: no later startup brings ${name} back from an operator's removal`).toEqual([
      'REMOVED',
      'operator',
    ]);
    return;
  }
  if (state === 'REGISTERED' && stored !== undefined)
    expect(acceptedOrder(stored.accepted), `No resurrection: ${name} is back by a message later than its removal`).toBeGreaterThan(fence);
  if (!later.some(({ what }) => what === 'goodbye'))
    expect(state, `Agreement: a startup later than the operator's removal brings ${name} back`).toBe('REGISTERED');
}

function checkAll(gateway: ModelGateway, steps: readonly Step[], fences: Fences): void {
  const { store, catalog, messenger } = gateway.core;
  const messages = steps.filter((one) => one.kind === 'say');
  for (const name of NODES) checkNode(name, store.node(nodeId(name)), messages, fences.get(name));

  const rows = store.nodes().filter(({ state }) => state === 'REGISTERED');
  expect(
    [...catalog.services.values()].map(({ service }) => `${service.id} ${service.meta['content_hash']}`).sort(),
    'No partial registration: Consul holds what Postgres holds, with the same content',
  ).toEqual(rows.map(({ consulServiceId, contentHash }) => `${consulServiceId} ${contentHash}`).sort());

  expect(store.positions.total(), 'Nothing lost: applied + unchanged + superseded + rejected + heartbeats = produced').toBe(
    gateway.produced(),
  );
  expect([store.positions.counts.rejected, messenger.letters.length], 'Nothing lost: nothing is dead-lettered for an outage').toEqual([
    0, 0,
  ]);

  const { entries } = store.log;
  expect(
    entries.map(({ cursor }) => Number(cursor)),
    'Watch: the log is numbered without a hole',
  ).toEqual(entries.map((_, index) => index + 1));
  const told = (changes: readonly { readonly cursor: number; readonly type: string; readonly nodeId: string | null }[]) =>
    changes.map(({ cursor, type, nodeId: id }) => `${cursor} ${type} ${id}`);
  expect(told(gateway.seen), "Watch: the subscriber's stream is the log").toEqual(told(entries));
  for (const name of NODES) {
    let isIn = false;
    for (const { type, cursor } of entries.filter((entry) => entry.nodeId === name)) {
      expect(type === 'ADDED', `Watch: ${name} is added only while it is out, and changes only while it is in (${cursor} ${type})`).toBe(
        type !== 'REMOVED' && !isIn,
      );
      isIn = type !== 'REMOVED';
    }
  }
}

describe('the registry, whatever fails, dies and comes again when', () => {
  beforeAll(() => {
    vi.useFakeTimers();
  });
  afterAll(() => {
    vi.useRealTimers();
  });

  it('should keep its invariants', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), storeFaults, catalogFaults, async (steps, ofStore, ofCatalog) => {
        const gateway = new ModelGateway();
        const { store, catalog } = gateway.core;
        try {
          await gateway.open();
          const [storeQueue, catalogQueue] = [[...ofStore], [...ofCatalog]];
          store.faults.chooser = (call) => (call === 'livenessSince' || call === 'loadAll' ? null : (storeQueue.shift() ?? null));
          catalog.faults.chooser = () => catalogQueue.shift() ?? null;
          const fences = await play(gateway, steps);
          for (let rounds = 0; !gateway.isAtEnd() && rounds < 100; rounds += 1) await gateway.consume(10, true);
          store.faults.clear();
          catalog.faults.clear();
          await gateway.rest();
          checkAll(gateway, steps, fences);
        } finally {
          await gateway.close();
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
