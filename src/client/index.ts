/// <reference types="node" preserve="true" />
/** What `discovery-gateway/client` exports. */
export type { BackoffLimits } from './backoff.ts';
export type { Strategy } from './chooser.ts';
export type { ClientLogger } from './client-logger.ts';
export { type CallOptions, type ClientStatus, DiscoveryClient, type ResolveOptions } from './discovery-client.ts';
export { DOCUMENTS } from './documents.ts';
export { DiscoveryError, NoHealthyService, RegistryUnavailable } from './errors.ts';
export type { Explanation } from './explanation.ts';
export type { DiscoveryClientOptions } from './options.ts';
export type {
  BookmarkEvent,
  ChangeEvent,
  ChangeType,
  NodeHealth,
  NodeState,
  RegistryEvent,
  RegistryNode,
  SnapshotEvent,
  WatchFilter,
} from './registry-event.ts';
export type { ResolvedService, Service, ServiceRequest } from './service.ts';
export type { WatchOptions } from './watch.ts';
