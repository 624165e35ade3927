import { beforeEach, describe, expect, it } from 'vitest';
import { identityOf } from '../../../src/node/identity.ts';
import { Inbox } from '../../../src/node/inbox.ts';
import type { Accepted, IntrospectionRequest } from '../../../src/node/incoming.ts';
import { nodeTopics } from '../../../src/node/topics.ts';
import { FakeKafka } from './fake-kafka.ts';

const topics = nodeTopics('dev', 'legacy');
const [request = '', other = ''] = topics.requests;
const [acceptedTopic = ''] = topics.accepted;
const STARTED_AT = 1_000_000_000;

let inbox: Inbox;
let requests: IntrospectionRequest[];
let accepted: Accepted[];

beforeEach(() => {
  requests = [];
  accepted = [];
  const identity = identityOf({ kafka: new FakeKafka(), nodeId: 'node-1', nodeType: 'EFFECT_GENERIC' }, () => 'unused');
  inbox = new Inbox(identity, topics, STARTED_AT, {
    onRequest: (asked) => requests.push(asked),
    onAccepted: (said) => accepted.push(said),
  });
});

function receive(
  topic: string,
  value: unknown,
  { key = null, timestamp = STARTED_AT }: { key?: string | null; timestamp?: number } = {},
): void {
  const bytes = value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  inbox.receive({ topic, message: { key: key === null ? null : Buffer.from(key), value: bytes, timestamp: String(timestamp) } });
}

describe('a request', () => {
  it.each([
    ['for this node', { target_node_id: 'node-1', correlation_id: 'c' }],
    ['for all', { correlation_id: 'c', target_node_id: null, target_node_types: [] }],
    ['for its type', { correlation_id: 'c', target_node_types: ['reducer', 'Effect'] }],
    ['in an envelope', { correlation_id: 'c', payload: { target_node_types: ['effect'], correlation_id: null } }],
    ['with a strange payload', { correlation_id: 'c', payload: 7 }],
  ])('should be heard when it is %s', (_, value) => {
    receive(request, value);
    expect(requests.map(({ correlationId }) => correlationId)).toEqual(['c']);
  });

  it.each([
    ['for another node', { target_node_id: 'node-2', correlation_id: 'c' }],
    ['for another node in an envelope', { payload: { target_node_id: 'node-2' }, correlation_id: 'c' }],
    ['for another type', { target_node_types: ['reducer'], correlation_id: 'c' }],
    ['no JSON', '{'],
    ['no object', '7'],
    ['empty', null],
    ['of the wrong type', { target_node_id: 7 }],
  ])('should be passed over when it is %s', (_, value) => {
    receive(request, value);
    expect(requests).toEqual([]);
  });

  it('should be heard once, however often and over whatever topics it comes', () => {
    for (const topic of topics.requests) receive(topic, { correlation_id: 'c-1' });
    receive(request, { correlation_id: 'c-2' });
    receive(request, { reason: 'omnidash_startup' });
    receive(other, { reason: 'omnidash_startup' });
    expect(requests.map(({ correlationId }) => correlationId)).toEqual(['c-1', 'c-2', null]);
  });

  it('should not be lost to one with the same correlation id for another node', () => {
    receive(request, { correlation_id: 'c', target_node_id: 'node-2' });
    receive(request, { correlation_id: 'c', target_node_id: 'node-1' });
    expect(requests).toHaveLength(1);
  });

  it('should lose a correlation id that would have the answer rejected', () => {
    receive(request, { correlation_id: 'x'.repeat(256) });
    receive(request, { correlation_id: 'a\u0000b' });
    expect(requests.map(({ correlationId }) => correlationId)).toEqual([null, null]);
  });

  it('should be passed over when the startup came long after it, with five minutes for clocks that differ', () => {
    receive(request, { correlation_id: 'old' }, { timestamp: STARTED_AT - 300_001 });
    receive(request, { correlation_id: 'recent' }, { timestamp: STARTED_AT - 300_000 });
    expect(requests.map(({ correlationId }) => correlationId)).toEqual(['recent']);
  });
});

describe('an accepted event', () => {
  it('should be heard when it is for this node, with or without a key, once each', () => {
    const said = { entity_id: 'node-1', correlation_id: 'c-1', consul_service_id: 'effect-node-1', cursor: '01' };
    for (const topic of topics.accepted) receive(topic, said);
    receive(acceptedTopic, { ...said, cursor: '02' }, { key: 'node-1' });
    expect(accepted.map(({ cursor }) => cursor)).toEqual(['01', '02']);
    expect(accepted[0]).toEqual({ nodeId: 'node-1', correlationId: 'c-1', consulServiceId: 'effect-node-1', cursor: '01' });
  });

  it('should be passed over when it is for another node', () => {
    receive(acceptedTopic, { node_id: 'node-2' });
    receive(acceptedTopic, { node_id: 'node-1' }, { key: 'node-2' });
    receive(acceptedTopic, '{', { key: 'node-1' });
    receive(acceptedTopic, {}, { key: 'node-1' });
    expect(accepted).toEqual([]);
  });
});
