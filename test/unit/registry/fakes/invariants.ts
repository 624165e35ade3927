import { expect } from 'vitest';
import type { NodeRecord } from '../../../../src/registry/node-record.ts';
import type { SharedBackEnds } from './shared-back-ends.ts';

/** What must be registered: content hash by node id. */
export type Expected = ReadonlyMap<string, string>;

/** At rest. The messages are the invariants' names in the description of the saga. */
export function expectAgreement(world: SharedBackEnds, expected: Expected): void {
  const stored = registered(world).map(({ nodeId, contentHash }) => [nodeId, contentHash]);
  const mustBeOut = registered(world).flatMap(({ nodeId }) => (expected.has(nodeId) ? [] : [nodeId]));
  expect(mustBeOut, 'No resurrection: registered although its last valid message removed it').toEqual([]);
  expect(sorted(stored), 'Agreement: Postgres holds the latest valid announcement of each node').toEqual(sorted([...expected]));
}

export function expectNoPartialRegistration({ store, catalog }: SharedBackEnds): void {
  const stored = registered({ store }).map(({ consulServiceId, contentHash }) => [consulServiceId ?? '', contentHash]);
  const standing = [...catalog.services].map(([id, { service }]) => [id, service.meta['content_hash'] ?? '']);
  expect(sorted(standing), 'No partial registration: Consul holds the same services with the same content as Postgres').toEqual(
    sorted(stored),
  );
}

export function expectNothingLost({ store, messenger }: SharedBackEnds, produced: number, rejected: number): void {
  expect(store.positions.total(), 'Nothing lost: applied + unchanged + superseded + rejected + heartbeats = produced').toBe(produced);
  expect(store.positions.counts.rejected, 'Nothing lost: what was rejected is counted').toBe(rejected);
  expect(store.rejected.length, 'Nothing lost: what was rejected is kept with its reason').toBe(rejected);
  const letters = new Set(messenger.letters.map(({ position }) => `${position.partition} ${position.offset}`));
  expect(letters.size, 'Nothing lost: what was rejected is in the dead-letter topic').toBe(rejected);
}

/** The log is numbered without a hole, tells the state that is stored, and the stream is the log. */
export function expectWatch({ store }: SharedBackEnds, streams: readonly (readonly number[])[]): void {
  const numbers = store.log.entries.map(({ cursor }) => Number(cursor));
  expect(numbers, 'Watch: the log is numbered in commit order without a hole').toEqual(numbers.map((_, index) => index + 1));
  for (const stream of streams) {
    expect(stream, "Watch: every subscriber's stream equals the change log between its first and last cursor").toEqual(numbers);
  }
  const told = new Map<string, string | null>();
  for (const { type, nodeId, node } of store.log.entries) {
    const isOut = (told.get(nodeId) ?? null) === null;
    if (type === 'ADDED') expect(isOut, `Watch: ${nodeId} is added only while it is out`).toBe(true);
    if (type === 'MODIFIED' || type === 'HEALTH_CHANGED') expect(isOut, `Watch: ${nodeId} changes only while it is in`).toBe(false);
    told.set(nodeId, type === 'REMOVED' ? null : node.contentHash);
  }
  const tells = [...told].flatMap(([nodeId, contentHash]) => (contentHash === null ? [] : [[nodeId, contentHash]]));
  const stored = registered({ store });
  expect(sorted(tells), 'Watch: the log read from its beginning tells what is stored').toEqual(
    sorted(stored.map(({ nodeId, contentHash }) => [nodeId, contentHash])),
  );
}

function registered({ store }: Pick<SharedBackEnds, 'store'>): NodeRecord[] {
  return store.nodes().filter(({ state }) => state === 'REGISTERED');
}

function sorted(rows: readonly (readonly string[])[]): string[] {
  return rows.map((row) => row.join(' ')).sort();
}
