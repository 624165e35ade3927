/**
 * Runs the sample nodes in one process until it is told to stop (SIGTERM, SIGINT), or until the process that started it is gone.
 * Reads KAFKA_BROKER_URL, KAFKA_ENVIRONMENT, SAMPLE_HOST and SAMPLE_BASE_PORT.
 */
import { fstatSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';
import { SampleNode } from './sample-node.ts';
import { sampleNodes } from './sample-nodes.ts';

const environment = z.object({
  KAFKA_BROKER_URL: z.string({ error: 'is missing: where Kafka listens, such as 127.0.0.1:9092' }).min(1),
  KAFKA_ENVIRONMENT: z.string().min(1).default('dev'),
  /** Where the nodes listen, and the name or address under which Consul and clients reach them. */
  SAMPLE_HOST: z.string().min(1).default('127.0.0.1'),
  /** The first node's port, the next one's is one more. 0: free ports. */
  SAMPLE_BASE_PORT: z.coerce.number().int().min(0).max(65_000).default(0),
});

/** Resolves with the reason to stop. */
function stopWanted(): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('disconnect', () => resolve('the parent process is gone'));
    // A pipe ends with the process that holds its other end. A terminal or /dev/null says nothing of a parent.
    const stdin = fstatSync(0);
    if (stdin.isFIFO() || stdin.isSocket()) {
      process.stdin.once('end', () => resolve('the parent process is gone'));
      process.stdin.once('error', () => resolve('the parent process is gone'));
      process.stdin.resume();
    }
  });
}

async function main(): Promise<void> {
  // When the parent process dies, so does the pipe for these lines: the goodbyes have to be said all the same.
  process.stdout.on('error', () => undefined);
  const parsed = environment.safeParse(process.env);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) console.error(`${issue.path.join('.')} ${issue.message}`);
    process.exitCode = 1;
    return;
  }
  const { KAFKA_BROKER_URL, KAFKA_ENVIRONMENT, SAMPLE_HOST, SAMPLE_BASE_PORT } = parsed.data;
  const stop = stopWanted();
  const end = new AbortController();
  const samples = sampleNodes().map((definition, index) => ({
    definition,
    node: new SampleNode(definition, {
      brokers: KAFKA_BROKER_URL.split(',').map((broker) => broker.trim().replace(/^[a-z_+]+:\/\//i, '')),
      environment: KAFKA_ENVIRONMENT,
      host: SAMPLE_HOST,
      port: SAMPLE_BASE_PORT === 0 ? 0 : SAMPLE_BASE_PORT + index,
      say: (nodeId, event) => console.log(`${nodeId}: ${event}`),
    }),
  }));
  try {
    // Side by side with the wait for the end: while Kafka is down, joining takes as long as the node library tries.
    const joined = Promise.all(samples.map(({ node }) => node.join()));
    const reason = await Promise.race([joined.then(() => null), stop]);
    const habits = reason === null ? samples.map(({ definition, node }) => definition.habit?.(node, end.signal)) : [];
    console.log(`stopping: ${reason ?? (await stop)}`);
    end.abort();
    await Promise.all(habits);
  } finally {
    await Promise.all(samples.map(({ node }) => node.leave()));
  }
}

await main();
// kafkajs keeps reconnecting for seconds where a broker vanished meanwhile; nothing is left to do.
process.exit();
