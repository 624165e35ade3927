import { createHash } from 'node:crypto';
import { pause } from '../node/deadline.ts';
import type { SampleDefinition, SampleNode } from './sample-node.ts';

const SECOND = 1000;

/** A small fleet in which something always happens. A new list each time: the nodes in it keep state. */
export function sampleNodes(): SampleDefinition[] {
  return [orchestrator(), reducer(), databaseAdapter(), hasher(1), hasher(2), mailer(), classifier(), geocoder()];
}

function orchestrator(): SampleDefinition {
  const workflows: { id: number; name: string; state: string }[] = [];
  return {
    nodeId: 'orchestrator-001',
    nodeName: 'workflow orchestrator',
    nodeType: 'orchestrator',
    nodeVersion: '1.0.0',
    capabilities: { workflow_orchestration: { max_concurrent_workflows: 100, timeout_ms: 5000 }, service_routing: true },
    fsmStates: ['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED'],
    operations: {
      start_workflow: (input) => {
        const workflow = { id: workflows.length + 1, name: required(input, 'name'), state: 'PENDING' };
        workflows.push(workflow);
        return workflow;
      },
      list_workflows: () => workflows,
    },
  };
}

function reducer(): SampleDefinition {
  const totals = new Map<string, number>();
  return {
    nodeId: 'reducer-001',
    nodeName: 'metrics reducer',
    nodeType: 'reducer',
    nodeVersion: '1.2.0',
    capabilities: ['aggregation', 'state_management'],
    fsmStates: ['IDLE', 'REDUCING'],
    operations: {
      add: (input) => {
        const key = required(input, 'key');
        const total = (totals.get(key) ?? 0) + Number(required(input, 'value'));
        totals.set(key, total);
        return { key, total };
      },
    },
  };
}

/** The service whose absence started this project: the code-generation orchestrator resolves `database-adapter`. */
function databaseAdapter(): SampleDefinition {
  const rows = [
    { id: 1, customer: 'Ada', total: 42 },
    { id: 2, customer: 'Grace', total: 17 },
  ];
  return {
    nodeId: 'database-adapter-001',
    nodeName: 'database adapter',
    nodeType: 'effect',
    nodeVersion: '2.1.0',
    serviceName: 'database-adapter',
    capabilities: { query: { max_rows: 1000 }, transactions: true, postgres: true },
    operations: {
      execute_query: (input) => rows.filter((row) => !input.has('customer') || row.customer === input.get('customer')),
      insert_row: (input) => {
        const row = { id: rows.length + 1, customer: required(input, 'customer'), total: Number(required(input, 'total')) };
        rows.push(row);
        return row;
      },
    },
  };
}

/** Two nodes of one service: clients get one or the other. */
function hasher(number: number): SampleDefinition {
  return {
    nodeId: `hash-generator-00${number}`,
    nodeName: `hash generator ${number}`,
    nodeType: 'compute',
    nodeVersion: '1.0.3',
    serviceName: 'hash-generator',
    capabilities: { hash_generation: { algorithms: ['sha256', 'sha512'] } },
    operations: {
      hash: (input) => {
        const algorithm = input.get('algorithm') === 'sha512' ? 'sha512' : 'sha256';
        return { algorithm, hash: createHash(algorithm).update(required(input, 'text')).digest('hex') };
      },
    },
  };
}

/** Leaves after 40 s, comes back after 20 s. */
function mailer(): SampleDefinition {
  let sent = 0;
  return {
    nodeId: 'mailer-001',
    nodeName: 'mailer that comes and goes',
    nodeType: 'effect',
    nodeVersion: '0.9.1',
    serviceName: 'mailer',
    capabilities: ['notification', 'email'],
    operations: {
      send: (input) => {
        sent += 1;
        return { to: required(input, 'to'), number: sent };
      },
    },
    habit: async (node, signal) => {
      while (!signal.aborted) {
        await pause(40 * SECOND, signal);
        if (signal.aborted) return;
        await node.leave();
        await pause(20 * SECOND, signal);
        if (signal.aborted) return;
        await rejoin(node);
      }
    },
  };
}

/** Loads and unloads a model every 30 s. */
function classifier(): SampleDefinition {
  const always = ['text_classification'];
  return {
    nodeId: 'classifier-001',
    nodeName: 'classifier that learns and forgets',
    nodeType: 'compute',
    nodeVersion: '3.0.0',
    capabilities: always,
    operations: { classify: (input) => (required(input, 'text').includes('?') ? 'question' : 'statement') },
    habit: async (node, signal) => {
      for (let loaded = true; ; loaded = !loaded) {
        await pause(30 * SECOND, signal);
        if (signal.aborted) return;
        await node.offer(loaded ? [...always, 'image_classification'] : always);
        node.say(loaded ? 'can classify images now' : 'cannot classify images any more');
      }
    },
  };
}

/** Healthy for 90 s, then degraded for 30 s: well under the 90 s of failing after which Consul would remove it. */
function geocoder(): SampleDefinition {
  return {
    nodeId: 'geocoder-001',
    nodeName: 'geocoder with moods',
    nodeType: 'compute',
    nodeVersion: '1.4.2',
    capabilities: ['geocoding'],
    operations: { locate: (input) => ({ place: required(input, 'place'), latitude: 52.52, longitude: 13.405 }) },
    habit: async (node, signal) => {
      while (!signal.aborted) {
        await pause(90 * SECOND, signal);
        if (signal.aborted) return;
        node.feel('degraded');
        await pause(30 * SECOND, signal);
        node.feel('healthy');
      }
    },
  };
}

async function rejoin(node: SampleNode): Promise<void> {
  try {
    await node.join();
  } catch (error) {
    node.say(`could not come back, will try again: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function required(input: URLSearchParams, name: string): string {
  const value = input.get(name);
  if (value === null || value === '') throw new Error(`the parameter "${name}" is missing`);
  return value;
}
