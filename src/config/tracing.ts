import { z } from 'zod';
import { flag, number, optional } from './values.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** `name=value,…`, each percent-encoded where it has to be. The specification of OpenTelemetry has it so. */
const pairs = z
  .string()
  .default('')
  .transform((text, context) => {
    const read: Record<string, string> = {};
    for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
      const [name = '', value] = divided(pair);
      try {
        if (name === '' || value === undefined) throw new URIError('no name and value');
        read[decodeURIComponent(name)] = decodeURIComponent(value);
      } catch (error) {
        if (!(error instanceof URIError)) throw error;
        // What stands there may be a secret.
        context.addIssue({ code: 'custom', message: 'is no list such as name=value,other=value, percent-encoded' });
        return z.NEVER;
      }
    }
    return read;
  });

function divided(pair: string): string[] {
  const place = pair.indexOf('=');
  return place < 0 ? [pair.trim()] : [pair.slice(0, place).trim(), pair.slice(place + 1).trim()];
}

const address = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'is not an http or https URL such as http://127.0.0.1:4318',
  )
  .optional();

export const tracingVariables = z.object({
  OTEL_SDK_DISABLED: flag(false),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/json']).default('http/json'),
  OTEL_EXPORTER_OTLP_HEADERS: pairs,
  OTEL_EXPORTER_OTLP_TIMEOUT: number(10_000, 1, 600_000),
  OTEL_SERVICE_NAME: optional.default('discovery-gateway'),
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: number(1, 0, 1, false),
});

export type TracingConfig = NonNullable<ReturnType<typeof tracingConfig>>;

/** null: nothing is traced. Times are milliseconds. */
export function tracingConfig(e: z.output<typeof tracingVariables>) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_TRACES_EXPORTER: exporter } = e;
  const isAsked = exporter === 'otlp' || (exporter === undefined && (base !== undefined || own !== undefined));
  if (e.OTEL_SDK_DISABLED || !isAsked) return null;
  return {
    url: own ?? `${(base ?? 'http://localhost:4318').replace(/\/$/, '')}/v1/traces`,
    headers: e.OTEL_EXPORTER_OTLP_HEADERS,
    timeout: e.OTEL_EXPORTER_OTLP_TIMEOUT,
    serviceName: e.OTEL_SERVICE_NAME,
    attributes: e.OTEL_RESOURCE_ATTRIBUTES,
    sampler: e.OTEL_TRACES_SAMPLER,
    ratio: e.OTEL_TRACES_SAMPLER_ARG,
  };
}
