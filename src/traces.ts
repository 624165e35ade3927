import type { Config } from './config.ts';
import type { Log } from './log.ts';

/** What traces the gateway's work; null where that is not configured: then nothing of it is even loaded. */
export async function startTraces(config: Config, log: Log) {
  const { tracing, gatewayId, environment, kafka } = config;
  if (tracing === null) return null;
  const [{ createTracing }, { RegistrationSpans }, { OperationSpans }] = await Promise.all([
    import('./tracing/tracing.ts'),
    import('./tracing/registration-spans.ts'),
    import('./tracing/operation-spans.ts'),
  ]);
  const { tracer, stop } = createTracing({ config: tracing, gatewayId, environment, log });
  return { tracer, registry: new RegistrationSpans(tracer, kafka.groupId), operations: new OperationSpans(tracer), stop };
}
