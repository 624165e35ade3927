/** What a topic is consumed for. */
export type Meaning = 'introspection' | 'heartbeat' | 'acknowledgement';

export type EventKind = Meaning | 'other';

// Names of kinds are short; a longer text names none, and is not looked at.
const NAME_MAX_LENGTH = 255;

/** The usual spellings, looked up before a name is taken apart: this runs for every message. */
const USUAL: ReadonlyMap<string, EventKind> = new Map<string, EventKind>([
  ['NODE_INTROSPECTION', 'introspection'],
  ['node_introspection', 'introspection'],
  ['node-introspection', 'introspection'],
  ['onex.evt.platform.node-introspection.v1', 'introspection'],
  ['NODE_HEARTBEAT', 'heartbeat'],
  ['node_heartbeat', 'heartbeat'],
  ['node-heartbeat', 'heartbeat'],
  ['onex.evt.platform.node-heartbeat.v1', 'heartbeat'],
  ['onex.cmd.platform.node-registration-acked.v1', 'acknowledgement'],
]);

/**
 * The kind that an event type or a topic names. `NODE_INTROSPECTION`, `node-introspection`, `NodeIntrospectionEvent` and
 * `onex.evt.platform.node-introspection.v1` are one; a request to introspect, `node-became-active` and the like are `other`.
 */
export function eventKindOf(name: string): EventKind {
  const usual = USUAL.get(name);
  if (usual !== undefined) return usual;
  if (name.length > NAME_MAX_LENGTH) return 'other';
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => !/^(?:v?\d+|event|evt|command|cmd|message|)$/.test(word));
  if (words.some((word) => word.startsWith('request'))) return 'other';
  switch (words.at(-1)) {
    case 'introspection':
    case 'introspected':
    case 'introspect':
      return 'introspection';
    case 'heartbeat':
      return 'heartbeat';
    case 'ack':
    case 'acked':
    case 'acknowledged':
    case 'acknowledgement':
    case 'acknowledgment':
      return 'acknowledgement';
    default:
      return 'other';
  }
}

/** Kinds of the platform that may stray onto a node topic, by the last words of their names. */
const STRANGERS =
  /(?:^|[^a-z])(?:request.?introspection|became.?active|registration.?(?:accepted|rejected|changed|initiated)|liveness.?expired|ack.?(?:received|timed.?out))(?:[^a-z]|$)/i;

/** Whether the name, such as a header's or a wrapped record's topic, surely names a kind that is no node's message. */
export function namesAnotherKind(name: string): boolean {
  return name.length <= NAME_MAX_LENGTH && STRANGERS.test(name);
}
