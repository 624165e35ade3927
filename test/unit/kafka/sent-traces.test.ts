import { describe, expect, it } from 'vitest';
import { type Outgoing, SentTraces } from '../../../src/kafka/sent-traces.ts';
import { recordedSpans, TRACE_ID, TRACEPARENT } from '../tracing/recorded-spans.ts';

const traced: Outgoing = { key: 'a', value: '{}', headers: { source: 'gateway' }, traceparent: TRACEPARENT };
const untraced: Outgoing = { key: 'b', value: null, headers: {} };

async function sent(traces: SentTraces, ...messages: Outgoing[]): Promise<Outgoing[]> {
  let passed: Outgoing[] = [];
  await traces.around('changes', messages, async (given) => {
    passed = given;
  });
  return passed;
}

describe('messages that belong to a trace', () => {
  it('should carry on the span that sends them', async () => {
    const { tracer, named } = recordedSpans();
    const messages = await sent(new SentTraces(tracer), traced, untraced);
    const { spanId } = named('send changes').spanContext();
    expect(messages).toEqual([
      { key: 'a', value: '{}', headers: { source: 'gateway', traceparent: `00-${TRACE_ID}-${spanId}-01` } },
      { key: 'b', value: null, headers: {} },
    ]);
    expect(named('send changes').attributes).toMatchObject({
      'messaging.destination.name': 'changes',
      'messaging.operation.type': 'send',
      'messaging.kafka.message.key': 'a',
    });
  });

  it('should carry on what another gateway recorded where this one records nothing', async () => {
    const [message] = await sent(new SentTraces(null), traced);
    expect(message?.headers['traceparent']).toBe(TRACEPARENT);
  });

  it('should show that they could not be sent', async () => {
    const { tracer, named } = recordedSpans();
    const failing = new SentTraces(tracer).around('changes', [traced], () => Promise.reject(new Error('Kafka is away')));
    await expect(failing).rejects.toThrow('Kafka is away');
    expect(named('send changes').status).toEqual({ code: 2, message: 'Kafka is away' });
  });
});
