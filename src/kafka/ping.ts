import type { Kafka } from 'kafkajs';
import { atMost } from '../at-most.ts';
import { delay } from '../delay.ts';
import { BackendError } from '../errors.ts';
import { explained, KAFKA_TLS } from '../tls-fault.ts';
import type { Complaints } from './complaints.ts';

/** Milliseconds. */
const INTERVAL = 5000;
const DEADLINE = 3000;
const LEAVE_DEADLINE = 1000;

/**
 * Asks the brokers now and then whether they are there, so that an idle gateway knows too. `onReturn` is called when they answer after
 * a failure. Until the signal aborts.
 */
export async function pingKafka(
  kafka: Kafka,
  ask: (call: () => Promise<void>) => Promise<void>,
  onReturn: () => void,
  complaints: Pick<Complaints, 'since'>,
  signal: AbortSignal,
): Promise<void> {
  const admin = kafka.admin({ retry: { retries: 0 } });
  let isConnected = false;
  let wasAway = false;
  while (!signal.aborted) {
    try {
      await ask(async () => {
        const askedAt = performance.now();
        try {
          if (!isConnected) await withinDeadline(admin.connect());
          isConnected = true;
          await withinDeadline(admin.describeCluster());
        } catch (error) {
          isConnected = false;
          const met = complaints.since(askedAt);
          const said = `Kafka: ${explained(error, KAFKA_TLS)}`;
          throw new BackendError('kafka', met === null ? said : `${said}; kafkajs met: ${met}`, { cause: error });
        }
      });
      if (wasAway) onReturn();
      wasAway = false;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      wasAway = true;
    }
    await delay(wasAway ? 1000 : INTERVAL, signal);
  }
  // A broker that hangs would hold this for as long as a request may take, 10 s, which is all that a gateway has to stop in.
  await atMost(LEAVE_DEADLINE, admin.disconnect());
}

async function withinDeadline<T>(call: Promise<T>): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      call,
      delay(DEADLINE, timer.signal).then(() => {
        throw new Error(`no answer within ${DEADLINE} ms`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}
