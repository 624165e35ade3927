import type { Admin, Kafka } from 'kafkajs';
import { BackendError } from '../errors.ts';
import { explained, KAFKA_TLS } from '../tls-fault.ts';

/** Work with an admin client of its own, which is closed after it. Throws BackendError, whatever failed. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 1000 } });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw new BackendError('kafka', `Kafka: ${explained(error, KAFKA_TLS)}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}
