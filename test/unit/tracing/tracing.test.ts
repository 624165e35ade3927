import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.ts';
import { createLog } from '../../../src/log.ts';
import { startTraces } from '../../../src/traces.ts';
import { HeardExporter } from '../../../src/tracing/heard-exporter.ts';
import { collector } from '../../collector.ts';
import { recordedSpans } from './recorded-spans.ts';

const REQUIRED = { KAFKA_BROKER_URL: '127.0.0.1:9092', CONSUL_HOST: '127.0.0.1', DATABASE_URL: 'postgres://u:p@127.0.0.1/db' };

function setUp(env: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  const log = createLog('debug', 'g', { write: (line) => void lines.push(line) });
  return { lines, traces: startTraces(readConfig({ ...REQUIRED, GATEWAY_ID: 'g-1', KAFKA_ENVIRONMENT: 'test', ...env }), log) };
}

const SPAN = { kind: 'internal', parent: null, startedAt: 0, attributes: { some: 'attribute' } } as const;

describe('tracing', () => {
  it('should be off where nothing asks for it', async () => {
    expect(await setUp({}).traces).toBeNull();
    expect(await setUp({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }).traces).toBeNull();
  });

  it('should send what is left when it stops, with what was configured', async () => {
    const { url, taken } = await collector();
    const { traces } = setUp({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
      OTEL_RESOURCE_ATTRIBUTES: 'team=registry',
      OTEL_SERVICE_NAME: 'ours',
    });
    const running = await traces;
    running?.tracer.start('work', SPAN).end(performance.now());
    await running?.stop();
    expect(taken).toMatchObject([{ path: '/v1/traces', headers: { 'x-key': 'a b', 'content-type': 'application/json' } }]);
    const { resourceSpans } = JSON.parse(taken[0]?.body ?? '{}');
    expect(resourceSpans).toMatchObject([{ scopeSpans: [{ scope: { name: 'discovery-gateway' }, spans: [{ name: 'work' }] }] }]);
    for (const [key, stringValue] of [
      ['service.name', 'ours'],
      ['service.instance.id', 'g-1'],
      ['deployment.environment.name', 'test'],
      ['team', 'registry'],
    ]) {
      expect(resourceSpans[0].resource.attributes).toContainEqual({ key, value: { stringValue } });
    }
  });

  it('should say in the log that the collector takes none', async () => {
    const { url } = await collector(400);
    const { traces, lines } = setUp({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/traces` });
    const running = await traces;
    running?.tracer.start('work', SPAN).end(performance.now());
    await running?.stop();
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'warn', lost: 1, msg: 'the collector of traces takes none, they are dropped' }),
    );
  });

  it.each([
    ['always_on', '1', true],
    ['always_off', '1', false],
    ['traceidratio', '0', false],
    ['parentbased_traceidratio', '1', true],
    ['parentbased_always_off', '1', false],
  ])('should sample as it is told: %s, %s', async (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, isRecorded) => {
    const running = await setUp({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }).traces;
    expect(running?.tracer.start('work', SPAN).traceparent.endsWith('-01')).toBe(isRecorded);
    await running?.stop();
  });
});

describe('an exporter that is heard', () => {
  it('should tell of a collector that is away once a minute, and of its return', () => {
    let now = 0;
    let error: Error | null = new Error('connect ECONNREFUSED, token=abc');
    const told: unknown[] = [];
    const log = { warn: (...line: unknown[]) => void told.push(line), info: (...line: unknown[]) => void told.push(line) };
    const { tracer, all } = recordedSpans();
    tracer.start('work', SPAN).end(performance.now());
    const exporter = new HeardExporter({
      log,
      now: () => now,
      exporter: {
        export: (_spans, done) => done(error === null ? { code: 0 } : { code: 1, error }),
        shutdown: () => Promise.resolve(),
      },
    });
    const send = () => exporter.export([...all()], () => undefined);
    send();
    now = 59_000;
    send();
    now = 61_000;
    send();
    error = null;
    send();
    send();
    expect(told).toEqual([
      [{ error: 'connect ECONNREFUSED, token=***', lost: 1 }, 'the collector of traces takes none, they are dropped'],
      [{ error: 'connect ECONNREFUSED, token=***', lost: 3 }, 'the collector of traces takes none, they are dropped'],
      [{ lost: 3 }, 'the collector of traces is back'],
    ]);
  });
});
