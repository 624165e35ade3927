import type { ConsulConfig } from '../config/consul.ts';
import { RefusedError, TakenError } from '../errors.ts';
import type { ProbedStatus, ServiceCheck, ServiceDefinition } from '../registry/ports.ts';
import { goDuration, hostAndPort } from './go-values.ts';
import { ownerNote } from './owner-note.ts';
import { nodeIdIn } from './service-definition.ts';
import { apartId } from './service-id.ts';
import { checkIdOf, type StandingEntry } from './standing-entry.ts';
import type { Operation, Wire } from './transaction.ts';

/** How the catalog should hold one service id of this registry. */
export interface Wish {
  /** The virtual node that it is about. */
  readonly node: string;
  readonly serviceId: string;
  /** null: it should not be there. */
  readonly service: ServiceDefinition | null;
  /** The status that its check starts with. */
  readonly initial: ProbedStatus;
}

const NAMES = { http: 'HTTP check', tcp: 'TCP check' } as const;

/**
 * What has to be written so that the wish comes true, guarded by the indexes of what stands: what another gateway, or an operator, wrote
 * meanwhile is never overwritten unseen. Throws TakenError and RefusedError as `ServiceCatalog.register` does.
 */
export function writesFor(wish: Wish, standing: StandingEntry | null, registryId: string, config: ConsulConfig): readonly Operation[] {
  const { node, serviceId, service } = wish;
  const isOurs = standing?.meta['registry_id'] === registryId;
  if (service === null) {
    if (standing === null || !isOurs) return [];
    const gone = { ID: serviceId, Service: standing.name, ModifyIndex: standing.index };
    return [{ service: { verb: 'delete-cas', node, service: gone } }];
  }
  if (standing !== null) refuseToOverwrite(service, standing, registryId, isOurs);
  return [
    { service: { verb: 'cas', node, service: wireService(service, standing?.index ?? 0) } },
    ...checkWrites(wish, service, standing, registryId, config),
  ];
}

function refuseToOverwrite(service: ServiceDefinition, standing: StandingEntry, registryId: string, isOurs: boolean): void {
  if (!isOurs) {
    const owner = standing.meta['registry_id'];
    throw new TakenError(
      `The Consul service id "${service.id}" is taken by ${owner === undefined ? 'a service that no registry owns' : `registry ${owner}`}`,
      apartId(service.id, registryId),
    );
  }
  const nodeId = nodeIdIn(standing.meta);
  if (nodeId === nodeIdIn(service.meta)) return;
  throw new RefusedError('consul', `The Consul service id "${service.id}" is taken by node "${nodeId}": give this node another id`);
}

function wireService(service: ServiceDefinition, index: number): Wire {
  return {
    ID: service.id,
    Service: service.name,
    Address: service.address ?? '',
    Port: service.port ?? 0,
    Tags: service.tags,
    Meta: service.meta,
    ModifyIndex: index,
  };
}

/** Unlike an agent, the catalog takes the status, and another kind of check, over what stands: nothing is ever without its check. */
function checkWrites(
  { node, initial }: Wish,
  service: ServiceDefinition,
  standing: StandingEntry | null,
  registryId: string,
  config: ConsulConfig,
): readonly Operation[] {
  const { check } = service;
  const before = standing?.check ?? null;
  const CheckID = checkIdOf(service.id);
  if (check.kind === 'none') {
    if (before === null) return [];
    return [{ check: { verb: 'delete-cas', check: { Node: node, CheckID, ModifyIndex: before.ModifyIndex } } }];
  }
  const wire = {
    Node: node,
    CheckID,
    Name: NAMES[check.kind],
    Notes: ownerNote(registryId),
    ServiceID: service.id,
    Status: initial,
    Output: before?.Status === initial ? before.Output : '',
    Definition: {
      ...target(check),
      Interval: goDuration(config.checkInterval),
      Timeout: goDuration(config.checkTimeout),
      DeregisterCriticalServiceAfter: goDuration(config.deregisterCriticalAfter),
    },
    ModifyIndex: before?.ModifyIndex ?? 0,
  };
  return [{ check: { verb: 'cas', check: wire } }];
}

function target(check: Exclude<ServiceCheck, { kind: 'none' }>): Wire {
  return check.kind === 'http' ? { HTTP: check.url, DisableRedirects: true } : { TCP: hostAndPort(check.host, check.port) };
}

/** The bytes of a wish in a transaction, about: what it repeats of a node and a check beside its own values. */
export function bytesOf({ service }: Wish): number {
  return service === null ? 300 : 800 + Buffer.byteLength(JSON.stringify(service));
}
