import type { Admin, Kafka } from 'kafkajs';
import { BackendError, messageOf } from '../errors.ts';

/** Work with an admin client of its own, which is closed after it. Throws BackendError, whatever failed. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 1000 } });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw new BackendError('kafka', `Kafka: ${messageOf(error)}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}
