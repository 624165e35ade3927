import { type KafkaConfig, kafkaConfig, kafkaVariables } from '../config/kafka.ts';
import { TOPIC_SETTINGS, type TopicSettings } from '../kafka/topics.ts';

/** What a topic is for. */
export type Purpose = keyof KafkaConfig['topics'];

/** A topic, as it is named by default. */
export interface Channel {
  /** Unique, and made of what differs between topics. */
  readonly key: string;
  /** `{env}` stands for KAFKA_ENVIRONMENT. */
  readonly topic: string;
  readonly purpose: Purpose;
  readonly variable: string;
  readonly settings: TopicSettings;
}

const VARIABLES: Readonly<Record<Purpose, keyof typeof kafkaVariables.shape>> = {
  introspection: 'KAFKA_INTROSPECTION_TOPICS',
  heartbeat: 'KAFKA_HEARTBEAT_TOPICS',
  acknowledgement: 'KAFKA_ACKNOWLEDGEMENT_TOPICS',
  request: 'KAFKA_REQUEST_TOPICS',
  accepted: 'KAFKA_ACCEPTED_TOPICS',
  changes: 'KAFKA_CHANGES_TOPIC',
  deadLetter: 'KAFKA_DEAD_LETTER_TOPIC',
};

const PURPOSES = ['introspection', 'heartbeat', 'acknowledgement', 'request', 'accepted', 'changes', 'deadLetter'] as const;

/** Every topic of the default configuration, in the order in which a node meets them. */
export function channels(): readonly Channel[] {
  const defaults = kafkaVariables.parse({ KAFKA_BROKER_URL: 'kafka:9092' });
  const { topics } = kafkaConfig({ ...defaults, KAFKA_ENVIRONMENT: '{env}' }, 'contract');
  return PURPOSES.flatMap((purpose) =>
    [topics[purpose]].flat().map((topic) => ({
      key: keyOf(topic),
      topic,
      purpose,
      variable: VARIABLES[purpose],
      settings: TOPIC_SETTINGS[purpose],
    })),
  );
}

/** `legacy-node-introspection`, `platform-command-request-introspection`. */
function keyOf(topic: string): string {
  const generation = topic.startsWith('{env}.') ? 'legacy' : 'platform';
  const command = topic.includes('.cmd.') ? '-command' : '';
  const name = topic.replace(/^.*\.(?:evt|cmd)\.(?:platform\.)?/, '').replace(/^.*\.dlq\./, 'dead-letter-');
  return `${generation}${command}-${name.replace(/\.v\d+$/, '')}`;
}
