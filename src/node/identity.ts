import { hasControlCharacter, isNodeId } from '../events/node-id.ts';
import type { NodeIntrospectionOptions } from './options.ts';

const NODE_TYPE_MAX_LENGTH = 100;

/** Who speaks: the same in every message of one node. */
export interface Identity {
  readonly nodeId: string;
  readonly nodeType: string;
  readonly nodeName: string | undefined;
  readonly nodeVersion: string | undefined;
  readonly serviceName: string | undefined;
  readonly nodeRole: string | undefined;
  readonly instanceId: string | undefined;
  readonly environment: string;
  readonly networkId: string | undefined;
  readonly deploymentId: string | undefined;
}

/** Throws RangeError for what the gateway would reject with every message. */
export function identityOf(options: NodeIntrospectionOptions, newId: () => string): Identity {
  const nodeId = options.nodeId ?? newId();
  if (!isNodeId(nodeId)) {
    throw new RangeError('nodeId must be 1 to 255 characters without control characters and outer spaces, and not the nil UUID');
  }
  const nodeType = options.nodeType;
  if (nodeType.trim() === '' || nodeType.length > NODE_TYPE_MAX_LENGTH || hasControlCharacter(nodeType)) {
    throw new RangeError(`nodeType must be 1 to ${NODE_TYPE_MAX_LENGTH} characters without control characters`);
  }
  const environment = options.environment ?? 'dev';
  if (!/^[A-Za-z0-9_-]+$/.test(environment)) {
    throw new RangeError(`environment must be letters, digits, - or _, since it is part of topic names; it is "${environment}"`);
  }
  return {
    nodeId,
    nodeType,
    nodeName: options.nodeName,
    nodeVersion: options.nodeVersion,
    serviceName: options.serviceName,
    nodeRole: options.nodeRole,
    instanceId: options.instanceId,
    environment,
    networkId: options.networkId,
    deploymentId: options.deploymentId,
  };
}
