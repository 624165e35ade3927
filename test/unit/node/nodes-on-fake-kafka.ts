import { vi } from 'vitest';
import { NodeIntrospection, type NodeIntrospectionOptions } from '../../../src/node/index.ts';
import { FakeKafka, quietLogger } from './fake-kafka.ts';

/** Nodes on a Kafka in memory, for tests on fake timers. Whoever calls it calls `end`. */
export function nodesOnFakeKafka() {
  const kafka = new FakeKafka();
  const logger = quietLogger();
  const nodes: NodeIntrospection[] = [];

  function newNode(options: Partial<NodeIntrospectionOptions> = {}): NodeIntrospection {
    const node = new NodeIntrospection({ kafka, nodeType: 'effect', nodeId: 'node-1', logger, random: () => 0, ...options });
    nodes.push(node);
    return node;
  }

  /** Starts the node and lets its listener get going. */
  async function started(options: Partial<NodeIntrospectionOptions> = {}): Promise<NodeIntrospection> {
    const node = newNode(options);
    await node.start();
    await vi.advanceTimersByTimeAsync(1);
    return node;
  }

  /** Stops the nodes. */
  async function end(): Promise<void> {
    kafka.recover();
    const stopped = Promise.all(nodes.map((node) => node.stop()));
    await vi.advanceTimersByTimeAsync(10_000);
    await stopped;
  }

  return { kafka, logger, newNode, started, end };
}
