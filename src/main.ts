import { ConfigurationError, readConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import { limitHeapGrowth } from './heap-growth.ts';
import { createLog } from './log.ts';

/** From SIGTERM to the end. Milliseconds. */
const STOP_DEADLINE = 9500;

function configuration() {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

limitHeapGrowth();
const config = configuration();
const log = createLog(config.logLevel, config.gatewayId);
const stopping = new AbortController();

process.on('uncaughtException', (error) => {
  log.fatal({ error }, 'an error that nobody expected, ending');
  process.exit(1);
});

function endInTime(): void {
  setTimeout(() => {
    log.error({ deadline: STOP_DEADLINE }, 'could not stop in time, ending');
    process.exit(1);
  }, STOP_DEADLINE).unref();
}

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    if (stopping.signal.aborted) return;
    log.info({ signal: name }, 'asked to stop');
    stopping.abort();
    endInTime();
  });
}

try {
  const gateway = await startGateway(config, log, stopping.signal);
  const asked = new Promise<null>((resolve) => stopping.signal.addEventListener('abort', () => resolve(null), { once: true }));
  const failure = stopping.signal.aborted ? null : await Promise.race([asked, gateway.failed]);
  if (failure !== null) {
    log.fatal({ error: failure }, 'cannot go on, ending');
    endInTime();
  }
  await gateway.stop();
  process.exit(failure === null ? 0 : 1);
} catch (error) {
  if (!stopping.signal.aborted) {
    log.fatal({ error }, 'could not start');
    process.exit(1);
  }
  process.exit(0);
}
