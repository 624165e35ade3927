import type { Announcement } from '../events/announcement.ts';
import type { NodeRecord } from './node-record.ts';
import type { ServiceCatalog, ServiceDefinition } from './ports.ts';

/** The service of a stored node, under the id that it has in Consul: not always the plain one, which may be somebody else's there. */
export function serviceOf(catalog: Pick<ServiceCatalog, 'define'>, node: NodeRecord): ServiceDefinition {
  const service = catalog.define(node, node.contentHash);
  return node.consulServiceId === null ? service : { ...service, id: node.consulServiceId };
}

/** The service that an announcement asks for. It keeps the id that its node has, unless what the id is made of changed. */
export function serviceFor(
  catalog: ServiceCatalog,
  { content, contentHash }: Announcement,
  stored: NodeRecord | undefined,
): ServiceDefinition {
  const service = catalog.define(content, contentHash);
  const keepsId = stored?.state === 'REGISTERED' && stored.type === content.type && stored.instance === content.instance;
  return keepsId && stored.consulServiceId !== null ? { ...service, id: stored.consulServiceId } : service;
}
