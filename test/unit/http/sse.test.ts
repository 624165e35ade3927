import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/errors.ts';
import { eventually } from '../../eventually.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { type RunningServer, startServer } from './running-server.ts';

interface SseEvent {
  readonly event: string;
  readonly data: string;
}

async function subscribe({ url }: RunningServer, query: string) {
  const abort = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query }),
    signal: abort.signal,
  });
  if (response.body === null) throw new Error('an event stream has a body');
  return { response, events: readEvents(response.body), abort };
}

/** The events of the stream; comments, which keep it alive, are left out. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const event = /^event: (.*)$/m.exec(block)?.[1];
      if (event !== undefined) yield { event, data: /^data:(.*)$/m.exec(block)?.[1]?.trim() ?? '' };
    }
  }
}

async function nextOf(events: AsyncGenerator<SseEvent>) {
  const { value } = await events.next();
  return value === undefined ? undefined : { event: value.event, data: value.data === '' ? null : JSON.parse(value.data) };
}

describe('subscriptions over SSE', () => {
  it('should send a snapshot, a bookmark and live changes', async () => {
    const running = await startServer();
    running.registry.put(sampleNode('n-1'));
    const { response, events } = await subscribe(running, 'subscription { registrationChanges(snapshot: true) { type nodeId } }');
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const change = (type: string, nodeId: string | null) => ({ event: 'next', data: { data: { registrationChanges: { type, nodeId } } } });
    expect(await nextOf(events)).toEqual(change('SNAPSHOT', 'n-1'));
    expect(await nextOf(events)).toEqual(change('BOOKMARK', null));
    running.registry.put(sampleNode('n-2'));
    expect(await nextOf(events)).toEqual(change('ADDED', 'n-2'));
  });

  it('should end the subscription when the client goes', async () => {
    const running = await startServer();
    const { events, abort } = await subscribe(running, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await nextOf(events);
    expect(running.registry.subscribers).toBe(1);
    abort.abort();
    await eventually(() => expect(running.registry.subscribers).toBe(0));
  });

  it('should send CURSOR_EXPIRED as an error with its code, then end', async () => {
    const running = await startServer();
    for (let index = 0; index < 5; index++) running.registry.put(sampleNode('n-1'));
    running.registry.floor = 3;
    const { events } = await subscribe(running, 'subscription { registrationChanges(after: "1") { cursor } }');
    expect(await nextOf(events)).toMatchObject({ event: 'next', data: { errors: [{ extensions: { code: 'CURSOR_EXPIRED', floor: 3 } }] } });
    expect(await nextOf(events)).toEqual({ event: 'complete', data: null });
  });

  it('should mask what fails later on the inside', async () => {
    const running = await startServer();
    const { events } = await subscribe(running, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await nextOf(events);
    running.registry.failFeeds(new Error('secret detail'));
    const event = await nextOf(events);
    expect(event).toMatchObject({ data: { errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'id-1' } }] } });
    expect(JSON.stringify(event)).not.toContain('secret detail');
    expect(running.lines.join()).toContain('secret detail');
  });

  it('should tell a slow subscriber where to resume', async () => {
    const running = await startServer();
    const { events } = await subscribe(running, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await nextOf(events);
    running.registry.failFeeds(new GatewayError('SUBSCRIBER_TOO_SLOW', 'resume', { lastCursor: '0000000000000007' }));
    expect(await nextOf(events)).toMatchObject({
      data: { errors: [{ extensions: { code: 'SUBSCRIBER_TOO_SLOW', lastCursor: '0000000000000007' } }] },
    });
  });

  it('should break the stream on shutdown, so that the client comes back', async () => {
    const running = await startServer();
    const { events } = await subscribe(running, 'subscription { healthyServices(capability: "x") { nodeId } }');
    await nextOf(events);
    const rest = expect(nextOf(events)).rejects.toThrow();
    await running.server.close(10_000);
    await rest;
    await eventually(() => expect(running.registry.subscribers).toBe(0));
  });
});
