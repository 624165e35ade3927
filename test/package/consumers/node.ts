// A program of somebody who has installed the package.
import { NodeIntrospection, type NodeIntrospectionOptions } from 'discovery-gateway/node';

const options: NodeIntrospectionOptions = {
  kafka: { brokers: ['127.0.0.1:9092'] },
  nodeType: 'effect',
  nodeId: 'my-database-adapter',
  capabilities: ['query'],
  endpoints: { api: 'http://127.0.0.1:3000/api' },
};

export const node = new NodeIntrospection(options);

console.log('node loaded');
