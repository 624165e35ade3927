import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { TracingConfig } from '../config/tracing.ts';
import { messageOf } from '../errors.ts';
import { type Log, maskSecrets } from '../log.ts';
import { gatewayVersion } from '../version.ts';
import { HeardExporter } from './heard-exporter.ts';
import { OpenTelemetryTracer } from './open-telemetry-tracer.ts';

/** As the semantic conventions have them, where they are no stable part of the library yet. */
const ATTR_SERVICE_INSTANCE_ID = 'service.instance.id';
const ATTR_DEPLOYMENT_ENVIRONMENT = 'deployment.environment.name';

export interface TracingParts {
  readonly config: TracingConfig;
  readonly gatewayId: string;
  readonly environment: string;
  readonly log: Log;
}

/** What is traced, sent to a collector by OTLP over HTTP. This and what it imports is loaded only where that is configured. */
export function createTracing({ config, gatewayId, environment, log }: TracingParts) {
  const { url, headers, timeout, serviceName, attributes } = config;
  const version = gatewayVersion();
  const exporter = new HeardExporter({
    exporter: new OTLPTraceExporter({ url, headers, timeoutMillis: timeout }),
    log,
    now: () => performance.now(),
  });
  const provider = new TracerProvider({
    sampler: samplerOf(config),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
    resource: resourceFromAttributes({
      [ATTR_SERVICE_INSTANCE_ID]: gatewayId,
      [ATTR_DEPLOYMENT_ENVIRONMENT]: environment,
      ...attributes,
      [ATTR_SERVICE_NAME]: serviceName,
      [ATTR_SERVICE_VERSION]: version,
    }),
  });
  log.info({ url: maskSecrets(url), sampler: config.sampler, ratio: config.ratio }, 'tracing');
  return {
    tracer: new OpenTelemetryTracer(provider.getTracer('discovery-gateway', version)),
    /** Sends what is left. Its caller bounds it. */
    stop: () => provider.shutdown().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'could not send the last traces')),
  };
}

function samplerOf({ sampler, ratio }: TracingConfig): Sampler {
  const [name, isByParent] = sampler.startsWith('parentbased_') ? [sampler.slice('parentbased_'.length), true] : [sampler, false];
  const root =
    name === 'always_on' ? new AlwaysOnSampler() : name === 'always_off' ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  return isByParent ? new ParentBasedSampler({ root }) : root;
}
