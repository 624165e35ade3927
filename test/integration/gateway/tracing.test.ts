import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { collector } from '../../collector.ts';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, healthServer, Nodes, runGateway } from './running-gateway.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.coerce.number(),
  endTimeUnixNano: z.coerce.number(),
});
const exported = z.object({ resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(span) })) })) });

it('should make one trace of a message, from the consumer over Consul and Postgres to what is said on Kafka', async () => {
  const { url, taken } = await collector();
  const gateway = await runGateway(await freshEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: url }));
  const { config } = gateway;
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await gateway.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  const nodes = await Nodes.connect(config);
  onTestFinished(() => nodes.close());
  const server = await healthServer();
  onTestFinished(() => server.close());

  // Who hears of the change reads where it comes from.
  const consumer = nodes.kafka.consumer({ groupId: `tracing-${config.environment}` });
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  const said = new Map<string, string>();
  await consumer.subscribe({ topics: [config.kafka.topics.changes, ...config.kafka.topics.accepted], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      if (message.key?.toString() === 'traced-1') said.set(topic, String(message.headers?.['traceparent']));
    },
  });

  const topic = nodes.topic('introspection');
  const value = announcement('traced-1', { endpoints: server.endpoints });
  await nodes.send(topic, { key: 'traced-1', value, headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } });
  await until('the change and the acceptances are said', () => said.size === 1 + config.kafka.topics.accepted.length, { timeout: 30_000 });
  await gateway.client.ask('{ registryStatus { nodes } }', {}, { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` });
  expect(gateway.lines.find(({ msg, nodeId }) => msg === 'Consumed introspection' && nodeId === 'traced-1')).toMatchObject({
    trace_id: TRACE_ID,
  });
  await stop();

  const spans = taken
    .flatMap(({ body }) =>
      exported.parse(JSON.parse(body)).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    )
    .filter(({ traceId }) => traceId === TRACE_ID);
  const path = ({ name, parentSpanId }: z.output<typeof span>): string => {
    const above = spans.find(({ spanId }) => spanId === parentSpanId);
    return above === undefined ? name : `${path(above)} > ${name}`;
  };
  const message = `process ${topic}`;
  expect(spans.map(path).toSorted()).toEqual(
    [
      message,
      `${message} > parse`,
      `${message} > saga`,
      `${message} > saga > probe endpoint`,
      `${message} > saga > postgres lock and read`,
      `${message} > saga > consul register`,
      `${message} > saga > postgres write and commit`,
      ...[config.kafka.topics.changes, ...config.kafka.topics.accepted].map((each) => `${message} > saga > send ${each}`),
      'query',
    ].toSorted(),
  );
  const roots = spans.filter(({ name }) => name === message || name === 'query');
  expect(roots.map(({ parentSpanId }) => parentSpanId)).toEqual([PARENT_ID, PARENT_ID]);
  for (const [to, traceparent] of said) {
    const sending = spans.find(({ name }) => name === `send ${to}`);
    expect(traceparent).toBe(`00-${TRACE_ID}-${sending?.spanId}-01`);
  }
  for (const { name, startTimeUnixNano, endTimeUnixNano } of spans) {
    expect(endTimeUnixNano - startTimeUnixNano, name).toBeGreaterThanOrEqual(0);
    expect(Math.abs(Date.now() - startTimeUnixNano / 1e6), name).toBeLessThan(60_000);
  }
});
