import type { ProbedStatus, ServiceCheck } from '../registry/ports.ts';
import type { StandingCheck } from './standing-service.ts';

/** What a registration does with the service's checks. */
export interface CheckPlan {
  /** The check to register with the service; null: none. */
  readonly register: { readonly id: string; readonly name: string } | null;
  /** Checks of ours that have to go once the service is registered. */
  readonly drop: readonly string[];
}

const NAMES = { http: 'HTTP check', tcp: 'TCP check' } as const;

/** The n-th id for a service's check, from 1. The first is the id that Consul itself gives a service's only check. */
function checkId(serviceId: string, n: number): string {
  return n === 1 ? `service:${serviceId}` : `service:${serviceId}:${n}`;
}

function isCheckIdOf(serviceId: string, id: string): boolean {
  const first = checkId(serviceId, 1);
  return id === first || (id.startsWith(`${first}:`) && /^\d+$/.test(id.slice(first.length + 1)));
}

/**
 * Consul keeps the status of a check that stands, whatever the registration says, and leaves the old kind's monitor running when an
 * id changes from HTTP to TCP (both measured on 1.19.2). So a check that fits (same kind, same status) is registered again under its
 * id and does not flap; one that does not is replaced by a check under another id, and dropped only afterwards: at no moment does the
 * service stand without a check, which Consul would count as passing. Checks of others (maintenance mode, an operator's own) stay.
 */
export function planCheck(serviceId: string, standing: readonly StandingCheck[], wanted: ServiceCheck, initial: ProbedStatus): CheckPlan {
  const ours = standing.filter((check) => isCheckIdOf(serviceId, check.id));
  if (wanted.kind === 'none') return { register: null, drop: ours.map((check) => check.id) };
  const name = NAMES[wanted.kind];
  const id = ours.find((check) => check.name === name && check.status === initial)?.id ?? freeId(serviceId, ours);
  return { register: { id, name }, drop: ours.map((check) => check.id).filter((other) => other !== id) };
}

function freeId(serviceId: string, taken: readonly StandingCheck[]): string {
  let n = 1;
  while (taken.some((check) => check.id === checkId(serviceId, n))) n += 1;
  return checkId(serviceId, n);
}
