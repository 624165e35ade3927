/// <reference types="node" preserve="true" />
/** What `discovery-gateway/node` exports. */
export type { ReportedHealth } from '../events/announcement.ts';
export type { Json, JsonObject } from '../events/json.ts';
export { SIGNATURE_HEADER, type SignedMessage, type SigningKey, type SigningSecret, sign, signingKey } from '../events/signature.ts';
export type { Accepted } from './incoming.ts';
export type { KafkaClient, KafkaConnection } from './kafka-client.ts';
export { type AnnouncementReason, NodeIntrospection, type PublishOptions } from './node-introspection.ts';
export type { NodeLogger } from './node-logger.ts';
export type { Capabilities, Endpoints, NodeIntrospectionOptions } from './options.ts';
export type { Supplied } from './supply.ts';
export { type Generation, type NodeTopics, nodeTopics } from './topics.ts';
