import { delay } from '../delay.ts';
import { GatewayError } from '../errors.ts';

/**
 * A read that takes longer is given up: well before LIMIT_QUERY_TIME, which would take the rest of the answer with it, and before the
 * connection itself is given up (15 s). Milliseconds.
 */
const PATIENCE = 5000;

/** Failures of a back end as what a client may see. */
export async function backend<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unavailable(error);
  }
}

/** The same for a read that a client waits for: of a back end that hangs it learns while the rest of its answer is still of use. */
export function backendRead<T>(call: () => Promise<T>): Promise<T> {
  return backend(async () => {
    const waiting = new AbortController();
    const late = delay(PATIENCE, waiting.signal).then(() => Promise.reject(unavailable(undefined)));
    try {
      return await Promise.race([call(), late]);
    } finally {
      waiting.abort();
    }
  });
}

function unavailable(cause: unknown): GatewayError {
  return new GatewayError('BACKEND_UNAVAILABLE', 'a back end that this needs does not answer at the moment: try again', {}, { cause });
}
