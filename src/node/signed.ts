import { SIGNATURE_HEADER, type SigningKey, sign } from '../events/signature.ts';
import type { OutgoingMessage } from './kafka-client.ts';

/** The message with its signature for this topic. Texts become UTF-8 here as kafkajs makes them. */
export function signed(topic: string, message: OutgoingMessage, key: SigningKey): OutgoingMessage {
  const signature = sign(key, { topic, key: Buffer.from(message.key), value: Buffer.from(message.value) });
  return { ...message, headers: { ...message.headers, [SIGNATURE_HEADER]: signature } };
}
