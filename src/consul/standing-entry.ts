import { BackendError } from '../errors.ts';
import type { AgentClient } from './agent-client.ts';
import { transact, type WireCheck } from './transaction.ts';

/** Where in the catalog a service stands, or would. */
export interface Place {
  readonly node: string;
  readonly serviceId: string;
}

/** A service in the catalog with the check that a registration gave it. The indexes guard what is written over them. */
export interface StandingEntry {
  readonly name: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly index: number;
  readonly check: WireCheck | null;
}

/** Places in one reading transaction: a service and its check each. */
export const MAX_PLACES = 64;

/** What vanishes between two looks makes another necessary; more than this many are no accident. */
const MAX_ROUNDS = 8;

/** The id of a service's check, as Consul itself names a service's only one. */
export function checkIdOf(serviceId: string): string {
  return `service:${serviceId}`;
}

/**
 * What stands at each of the places (at most 64), in order. One transaction that only reads, and bypasses Consul's log: where something
 * is missing it answers which, and the rest is asked again. `left` is milliseconds. Throws what the client threw, or BackendError.
 */
export async function readEntries(
  client: AgentClient,
  places: readonly Place[],
  left: () => number,
): Promise<readonly (StandingEntry | null)[]> {
  let asked = places.flatMap((place, index) => [
    { index, operation: { service: { verb: 'get', node: place.node, service: { ID: place.serviceId } } } } as const,
    { index, operation: { check: { verb: 'get', check: { Node: place.node, CheckID: checkIdOf(place.serviceId) } } } } as const,
  ]);
  for (let round = 0; round < MAX_ROUNDS && asked.length > 0; round += 1) {
    const answer = await transact(
      client,
      asked.map(({ operation }) => operation),
      left(),
    );
    if ('errors' in answer) {
      const other = answer.errors.find(({ what }) => !what.includes("doesn't exist"));
      if (other !== undefined) throw new BackendError('consul', `Consul could not look up services: ${other.what}`);
      const missing = new Set(answer.errors.map(({ index }) => index));
      asked = asked.filter((_, index) => !missing.has(index));
      continue;
    }
    const services = new Map<number, NonNullable<(typeof answer.results)[number]['Service']>>();
    const checks = new Map<number, WireCheck>();
    for (const [position, { Service: service, Check: check }] of answer.results.entries()) {
      const index = asked[position]?.index;
      if (index === undefined) continue;
      if (service != null) services.set(index, service);
      if (check != null) checks.set(index, check);
    }
    return places.map((_, index) => {
      const service = services.get(index);
      if (service === undefined) return null;
      return { name: service.Service, meta: service.Meta ?? {}, index: service.ModifyIndex, check: checks.get(index) ?? null };
    });
  }
  if (asked.length > 0) throw new BackendError('consul', 'Consul could not look up services: they vanish at every look');
  return places.map(() => null);
}
