import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeEvent } from '../../../src/events/announcement.ts';
import type { IncomingBatch } from '../../../src/registry/ingest.ts';
import { type FaultPlan, faultPlan, inject } from './fakes/fault-plan.ts';
import { GroupMember } from './fakes/group-member.ts';
import { incoming } from './fakes/incoming.ts';
import { expectAgreement, expectNoPartialRegistration, expectNothingLost, expectWatch } from './fakes/invariants.ts';
import { Life } from './fakes/life.ts';
import type { MemoryCatalog } from './fakes/memory-catalog.ts';
import { acknowledgement, announcement, goodbye, heartbeat, TOPIC } from './fakes/messages.ts';
import { ModelSubscriber } from './fakes/model-subscriber.ts';
import { until, useFakeTimers } from './fakes/settle.ts';
import { SharedBackEnds } from './fakes/shared-back-ends.ts';

const NODES = ['a', 'b', 'c'] as const;

const CONTENTS = {
  v1: { version: '1.0.0' },
  v2: { version: '2.0.0' },
  'other type': { type: 'compute' },
  'other instance': { instance: 'second' },
} as const;

interface Utterance {
  readonly node: number;
  readonly what: keyof typeof CONTENTS | 'goodbye' | 'heartbeat' | 'acknowledgement' | 'garbage';
  readonly reason: 'startup' | 'periodic';
  /** The node was started anew before: where it announces epochs that is a new one, and its clock starts again. */
  readonly isRestarted: boolean;
  /** A goodbye of the same time as what was said before it: it wins. */
  readonly isTied: boolean;
}

interface Mishap {
  readonly round: number;
  readonly service: number;
  readonly what: 'all lost' | 'one lost' | 'one overwritten';
}

interface Scenario {
  /** In the order in which the nodes said it. */
  readonly said: readonly Utterance[];
  /** Whether each node announces epochs. */
  readonly epochs: readonly boolean[];
  /** Messages that are produced a second time, by their place in `said`. */
  readonly repeated: readonly number[];
  /** Sorts what is produced, into two partitions: Kafka's order is not the node's. */
  readonly keys: readonly number[];
  readonly batchSizes: readonly number[];
  /** After how many calls of back ends each gateway is killed, in the order in which they start. */
  readonly lives: readonly number[];
  /** What befalls Consul's data after a round. */
  readonly mishaps: readonly Mishap[];
  readonly faults: FaultPlan;
}

const utterance: fc.Arbitrary<Utterance> = fc.record({
  node: fc.nat(NODES.length - 1),
  what: fc.constantFrom(
    ...(['v1', 'v1', 'v2', 'v2', 'other type', 'other instance', 'goodbye', 'goodbye'] as const),
    ...(['heartbeat', 'acknowledgement', 'garbage'] as const),
  ),
  reason: fc.constantFrom('startup', 'periodic'),
  isRestarted: fc.boolean(),
  isTied: fc.boolean(),
});

const scenario: fc.Arbitrary<Scenario> = fc.record({
  said: fc.array(utterance, { minLength: 1, maxLength: 24 }),
  epochs: fc.array(fc.boolean(), { minLength: NODES.length, maxLength: NODES.length }),
  repeated: fc.array(fc.nat(), { maxLength: 6 }),
  keys: fc.array(fc.nat(99), { minLength: 30, maxLength: 30 }),
  batchSizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
  lives: fc.array(fc.integer({ min: 4, max: 80 }), { maxLength: 4 }),
  mishaps: fc.array(fc.record({ round: fc.nat(8), service: fc.nat(5), what: fc.constantFrom('all lost', 'one lost', 'one overwritten') }), {
    maxLength: 3,
  }),
  faults: faultPlan,
});

/** The messages, and the content hashes of the nodes that are registered once all of them are taken in. */
function spoken({ said, epochs }: Scenario): { readonly events: readonly NodeEvent[]; readonly expected: ReadonlyMap<string, string> } {
  const clocks = new Map<string, { epoch: number; at: number }>();
  const expected = new Map<string, string>();
  const events = said.map(({ node: index, what, reason, isRestarted, isTied }): NodeEvent => {
    const node = NODES[index] ?? 'a';
    const clock = clocks.get(node) ?? { epoch: 1, at: 0 };
    clocks.set(node, clock);
    const hasEpochs = epochs[index] === true;
    if (isRestarted && hasEpochs) {
      clock.epoch += 1;
      clock.at = 0;
    }
    if (!(what === 'goodbye' && isTied)) clock.at += 1000;
    const order = { at: clock.at, epoch: hasEpochs ? clock.epoch : null };
    switch (what) {
      case 'heartbeat':
        return heartbeat(node, order);
      case 'acknowledgement':
        return acknowledgement(node, clock.at);
      case 'garbage':
        return { kind: 'rejection', errorType: 'NOT_JSON', reason: 'It is not JSON.', correlationId: null };
      case 'goodbye':
        expected.delete(node);
        return goodbye(node, order);
      default: {
        const event = announcement(node, { ...order, reason, content: CONTENTS[what] });
        expected.set(node, event.contentHash);
        return event;
      }
    }
  });
  return { events, expected };
}

/** What lies in each of the two partitions, in batches. */
function batchesOf({ repeated, keys, batchSizes }: Scenario, events: readonly NodeEvent[]): readonly (readonly IncomingBatch[])[] {
  const produced = [...events, ...repeated.flatMap((place) => events[place % events.length] ?? [])]
    .map((event, index) => ({ event, key: keys[index % keys.length] ?? 0 }))
    .sort((a, b) => a.key - b.key);
  return [0, 1].map((partition) => {
    const messages = produced.filter(({ key }) => key % 2 === partition).map(({ event }, offset) => incoming(event, offset, partition));
    const batches: IncomingBatch[] = [];
    for (let start = 0; start < messages.length; ) {
      const end = Math.min(start + (batchSizes[batches.length % batchSizes.length] ?? 1), messages.length);
      batches.push({ topic: TOPIC, partition, messages: messages.slice(start, end), nextOffset: String(end) });
      start = end;
    }
    return batches;
  });
}

/** A place in the consumer group, with one subscriber: when its gateway is killed, another takes its place. */
class Place {
  readonly subscriber = new ModelSubscriber();
  readonly #shared: SharedBackEnds;
  readonly #lives: number[];
  #member: GroupMember;
  #life: Life;
  kills = 0;

  constructor(shared: SharedBackEnds, lives: number[]) {
    this.#shared = shared;
    this.#lives = lives;
    this.#life = new Life(lives.shift());
    this.#member = new GroupMember(shared, this.#life);
  }

  get member(): GroupMember {
    return this.#member;
  }

  async start(): Promise<void> {
    await this.#member.start();
    this.subscriber.follow(this.#member);
  }

  /** Until the batch is done: what a killed gateway did not finish is delivered to the next. */
  async consume(batch: IncomingBatch): Promise<void> {
    while (!(await this.#member.process(batch)) || this.#member.isDead()) await this.#replace();
  }

  /** Nothing kills it any more. */
  async survive(): Promise<void> {
    this.#lives.length = 0;
    this.#life.spare();
    if (this.#member.isDead()) await this.#replace();
  }

  async end(): Promise<void> {
    await this.subscriber.leave();
    await this.#member.kill();
  }

  async #replace(): Promise<void> {
    this.kills += 1;
    await this.#member.kill();
    await this.subscriber.leave();
    this.#life = new Life(this.#lives.shift());
    this.#member = new GroupMember(this.#shared, this.#life);
    await this.start();
  }
}

function befall(catalog: MemoryCatalog, { service: place, what }: Mishap): void {
  const standing = [...catalog.services.values()];
  const victim = standing[place % Math.max(1, standing.length)];
  if (what === 'all lost') catalog.wipe();
  else if (victim !== undefined && what === 'one lost') catalog.drop(victim.service.id);
  else if (victim !== undefined) {
    const meta = { ...victim.service.meta, content_hash: 'of another content' };
    catalog.seed({ ...victim.service, meta }, victim.check);
  }
}

async function run(scenario: Scenario): Promise<void> {
  const shared = new SharedBackEnds();
  const { clock, store, catalog } = shared;
  const { events, expected } = spoken(scenario);
  const queues = batchesOf(scenario, events);
  const lives = [...scenario.lives];
  const places = queues.map((queue) => ({ queue, place: new Place(shared, lives) }));
  inject(shared, scenario.faults);
  for (const { place } of places) await place.start();

  for (let round = 0; queues.some((queue) => queue.length > round); round += 1) {
    let working = places.length;
    const work = places.map(async ({ place, queue }) => {
      const batch = queue[round];
      if (batch !== undefined) await place.consume(batch);
      working -= 1;
    });
    await Promise.race([Promise.all(work), until(() => working === 0, clock, 'a batch was never done')]);
    await Promise.all(work);
    for (const mishap of scenario.mishaps.filter((mishap) => mishap.round === round)) befall(catalog, mishap);
  }

  shared.heal();
  for (const { place } of places) {
    await place.survive();
    await until(() => place.member.isAligned(), clock, 'a compensation was never done');
    await place.member.catchUp();
  }
  await places[0]?.place.member.reconcile();
  for (const { place } of places) {
    await place.member.catchUp();
    await until(() => (place.subscriber.cursors.at(-1) ?? 0) >= store.log.head, clock, 'a subscriber did not catch up with the change log');
    await place.end();
  }

  const produced = queues.flat().flatMap(({ messages }) => messages);
  expectAgreement(shared, expected);
  expectNoPartialRegistration(shared);
  expectNothingLost(shared, produced.length, produced.filter(({ event }) => event.kind === 'rejection').length);
  expectWatch(
    shared,
    places.map(({ place }) => place.subscriber.cursors),
  );
  for (const { place } of places) {
    const shown = [...place.member.view.values()].filter(({ state }) => state === 'REGISTERED');
    expect(new Map(shown.map(({ nodeId, contentHash }) => [nodeId, contentHash])), 'Agreement: every gateway shows what is stored').toEqual(
      expected,
    );
  }
}

describe('two gateways under duplicates, reordering, kills and faults at every call', () => {
  beforeEach(() => {
    useFakeTimers();
    // Only the jitter of retries asks for it: the same seed must make the same run.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('should keep the invariants', async () => {
    await fc.assert(fc.asyncProperty(scenario, run), { numRuns: 200 });
  }, 60_000);
});
