import { onTestFinished } from 'vitest';
import type { ClientLogger } from '../../../src/client/client-logger.ts';
import { DiscoveryClient, type DiscoveryClientOptions } from '../../../src/client/index.ts';

/** What a client logs, as `level message`. */
export function collectingLogger(lines: string[]): ClientLogger {
  const write = (level: string) => (details: object, message: string) => void lines.push(`${level} ${message} ${JSON.stringify(details)}`);
  return { debug: write('debug'), info: write('info'), warn: write('warn') };
}

/** A client in a hurry; closed when the test ends. */
export function startClient(url: string | readonly string[], options: Partial<DiscoveryClientOptions> = {}) {
  const lines: string[] = [];
  const client = new DiscoveryClient({
    url,
    backoff: { min: 1, max: 20 },
    timeout: 2000,
    logger: collectingLogger(lines),
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, lines };
}
