import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig } from '../../../src/config.ts';

const REQUIRED = { KAFKA_BROKER_URL: '127.0.0.1:9092', CONSUL_HOST: '127.0.0.1', DATABASE_URL: 'postgres://u:p@127.0.0.1/db' };
const read = (env: Readonly<Record<string, string>>) => readConfig({ ...REQUIRED, ...env }).tracing;

function problems(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration of traces', () => {
  it('should be none unless something asks for them', () => {
    expect(read({})).toBeNull();
    expect(read({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull();
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' })).toBeNull();
  });

  it('should find the collector as the specification has it', () => {
    expect(read({ OTEL_TRACES_EXPORTER: 'otlp' })?.url).toBe('http://localhost:4318/v1/traces');
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318/' })?.url).toBe('https://collector:4318/v1/traces');
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/own' })?.url).toBe('http://b/own');
  });

  it('should read headers and attributes, decoded', () => {
    const config = read({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x==, other = y ,',
      OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb',
    });
    expect(config).toMatchObject({ headers: { authorization: 'Bearer x==', other: 'y' }, attributes: { team: 'a,b' } });
  });

  it('should say what is wrong, and repeat no header, which may be a secret', () => {
    expect(
      problems({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
        OTEL_EXPORTER_OTLP_HEADERS: 'secret',
        OTEL_RESOURCE_ATTRIBUTES: 'a=%zz',
        OTEL_TRACES_SAMPLER_ARG: '2',
      }),
    ).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: is not an http or https URL such as http://127.0.0.1:4318',
      'OTEL_EXPORTER_OTLP_HEADERS: is no list such as name=value,other=value, percent-encoded',
      'OTEL_RESOURCE_ATTRIBUTES: is no list such as name=value,other=value, percent-encoded',
      'OTEL_TRACES_SAMPLER_ARG: "2" is not a number from 0 to 1',
    ]);
    expect(problems({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toHaveLength(1);
    expect(problems({ OTEL_TRACES_SAMPLER: 'jaeger_remote' })).toHaveLength(1);
  });
});
