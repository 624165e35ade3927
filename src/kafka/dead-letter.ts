import type { DeadLetter } from '../registry/ports.ts';
import type { DeadLetterValue } from './gateway-messages.ts';

/** Base64 makes three bytes four: the letter stays below the broker's usual limit of 1 MiB with room for the rest. */
const MAX_VALUE_BYTES = 600_000;
/** The key is in the letter twice, and a byte of it can become six characters of JSON. A node id has at most 255 characters. */
const MAX_KEY_BYTES = 10_000;

/**
 * A message that can never be accepted, as it goes to the dead-letter topic. A key or value over the broker's limit is cut, and says so:
 * a letter that Kafka refuses would stop its partition for good.
 */
export function deadLetterMessage(letter: DeadLetter): { readonly key: Buffer | null; readonly value: DeadLetterValue } {
  const { position, rejection, key, value, failedAt } = letter;
  const shownKey = key === null ? null : Buffer.from(key.subarray(0, MAX_KEY_BYTES));
  const isKeyCut = key !== null && key.byteLength > MAX_KEY_BYTES;
  const isCut = value !== null && value.byteLength > MAX_VALUE_BYTES;
  return {
    key: shownKey,
    value: {
      original_topic: position.topic,
      original_partition: position.partition,
      original_offset: position.offset,
      original_key: shownKey === null ? null : shownKey.toString('utf8'),
      ...(isKeyCut ? { original_key_cut: true, original_key_bytes: key.byteLength } : {}),
      original_value: value === null ? null : Buffer.from(value.subarray(0, MAX_VALUE_BYTES)).toString('base64'),
      ...(isCut ? { original_value_cut: true, original_value_bytes: value.byteLength } : {}),
      failure_reason: rejection.reason,
      error_type: rejection.errorType,
      failure_timestamp: new Date(failedAt).toISOString(),
      correlation_id: rejection.correlationId,
    },
  };
}
