import type { Json, JsonObject } from '../events/json.ts';
import { gatewayVersion } from '../version.ts';
import { type Channel, channels, type Purpose } from './channels.ts';
import type { SchemaName } from './schemas.ts';

const KAFKA_BINDING = '0.5.0';

/** A message as the document names it. */
interface Message {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** null: the value is null. */
  readonly payload: SchemaName | null;
  readonly headers: 'node-headers' | 'gateway-headers';
  readonly key: JsonObject;
}

const NODE_KEY: JsonObject = {
  type: ['string', 'null'],
  description: 'The node id: it keeps the messages of one node in order. Null is read too.',
};
const TARGET_KEY: JsonObject = { type: 'string', description: 'The node id.' };

const node = (name: string, title: string, summary: string, payload: SchemaName | null): Message => ({
  name,
  title,
  summary,
  payload,
  headers: 'node-headers',
  key: payload === null ? TARGET_KEY : NODE_KEY,
});
const gateway = (name: string, title: string, summary: string, payload: SchemaName | null, key: JsonObject = TARGET_KEY): Message => ({
  name,
  title,
  summary,
  payload,
  headers: 'gateway-headers',
  key,
});

interface Use {
  readonly action: 'receive' | 'send';
  readonly title: string;
  readonly description: string;
  readonly messages: readonly Message[];
}

/** What travels on the topics, and which way; the application of the document is the gateway. */
const USES: Readonly<Record<Purpose, Use>> = {
  introspection: {
    action: 'receive',
    title: 'Where nodes announce themselves',
    description: 'Nodes write, the gateway reads.',
    messages: [
      node('nodeIntrospection', 'Introspection', 'A node announces itself, or says goodbye.', 'node-introspection'),
      node('nodeGoodbye', 'Goodbye', 'A null value: the node whose id is the key leaves.', null),
    ],
  },
  heartbeat: {
    action: 'receive',
    title: 'Where nodes heartbeat',
    description: 'Nodes write, the gateway reads.',
    messages: [node('nodeHeartbeat', 'Heartbeat', 'A node lives.', 'node-heartbeat')],
  },
  acknowledgement: {
    action: 'receive',
    title: 'Where nodes acknowledge their registration',
    description: 'Nodes write, the gateway reads. A node need not acknowledge.',
    messages: [node('nodeAcknowledgement', 'Acknowledgement', 'A node has read that it is registered.', 'node-acknowledgement')],
  },
  request: {
    action: 'send',
    title: 'Where the gateway asks nodes to introspect',
    description: 'The gateway writes every request to every topic of this kind, nodes read one of them.',
    messages: [
      gateway('introspectionRequest', 'Request to introspect', 'Nodes are asked to announce themselves.', 'introspection-request', {
        type: ['string', 'null'],
        description: 'The node id; null where more than one node is meant.',
      }),
    ],
  },
  accepted: {
    action: 'send',
    title: 'Where the gateway tells nodes that they are registered',
    description: 'The gateway writes to every topic of this kind, nodes read one of them.',
    messages: [
      gateway('registrationAccepted', 'Registration accepted', 'A node is registered in Consul and Postgres.', 'registration-accepted'),
    ],
  },
  changes: {
    action: 'send',
    title: 'Every change of the registry',
    description: 'The gateway writes, anybody reads: the latest message of each key is the node as it is.',
    messages: [
      gateway('registrationChange', 'Change', 'A node after its latest change.', 'registration-change'),
      gateway('registrationRemoved', 'Removal', 'A null value: the node whose id is the key left.', null),
    ],
  },
  deadLetter: {
    action: 'send',
    title: 'Messages that can never be accepted',
    description: 'The gateway writes, operators read.',
    messages: [
      gateway('deadLetter', 'Dead letter', 'A message that can never be accepted, and why.', 'dead-letter', {
        type: ['string', 'null'],
        description: 'The key of that message.',
      }),
    ],
  },
};

/** What the gateway reads and writes on Kafka, as an AsyncAPI 3.0 document; `$ref`s lead to the files of `contract/schemas`. */
export function asyncapi(): JsonObject {
  const all = channels();
  const messages = Object.values(USES).flatMap((use) => use.messages);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'discovery-gateway on Kafka',
      version: gatewayVersion(),
      description:
        'How nodes announce themselves and what the gateway says to them. Topic names are those of the default configuration; every list of topics can be configured. docs/wire.md says how lenient the gateway reads.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{broker}',
        protocol: 'kafka',
        description: 'KAFKA_BROKER_URL; with KAFKA_SSL and KAFKA_SASL_… over TLS and with SASL.',
        variables: { broker: { default: '127.0.0.1:9092', description: 'host:port of a broker.' } },
      },
    },
    channels: Object.fromEntries(all.map((channel) => [channel.key, channelOf(channel)])),
    operations: Object.fromEntries(all.map((channel) => [`${USES[channel.purpose].action}-${channel.key}`, operationOf(channel)])),
    components: { messages: Object.fromEntries(messages.map((message) => [message.name, messageOf(message)])) },
  };
}

function channelOf({ topic, purpose, variable, settings }: Channel): JsonObject {
  const { title, description, messages } = USES[purpose];
  return {
    address: topic,
    title,
    description: `${description} Configured by ${variable}.`,
    messages: Object.fromEntries(messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }])),
    ...(topic.includes('{env}')
      ? { parameters: { env: { description: 'KAFKA_ENVIRONMENT of the gateway.', default: 'dev', examples: ['dev', 'staging', 'prod'] } } }
      : {}),
    bindings: {
      kafka: {
        partitions: settings.partitions,
        ...(settings.isCompacted ? { topicConfiguration: { 'cleanup.policy': ['compact'] } } : {}),
        bindingVersion: KAFKA_BINDING,
      },
    },
  };
}

function operationOf({ key, purpose }: Channel): JsonObject {
  const { action, title, messages } = USES[purpose];
  const group: Json = {
    type: 'string',
    default: 'discovery-gateway',
    description: 'KAFKA_GROUP_ID: the gateways of one registry share it.',
  };
  return {
    action,
    title,
    channel: { $ref: `#/channels/${key}` },
    messages: messages.map(({ name }) => ({ $ref: `#/channels/${key}/messages/${name}` })),
    ...(action === 'receive' ? { bindings: { kafka: { groupId: group, bindingVersion: KAFKA_BINDING } } } : {}),
  };
}

function messageOf({ name, title, summary, payload, headers, key }: Message): JsonObject {
  return {
    name,
    title,
    summary,
    contentType: 'application/json',
    headers: { $ref: `./schemas/${headers}.json` },
    payload: payload === null ? { type: 'null' } : { $ref: `./schemas/${payload}.json` },
    ...(payload === null
      ? {}
      : { correlationId: { location: '$message.payload#/correlation_id', description: 'Joins request and answer.' } }),
    bindings: { kafka: { key, bindingVersion: KAFKA_BINDING } },
  };
}
