import type { DeadLetter } from '../registry/ports.ts';

/** Base64 makes three bytes four: the letter stays below the broker's usual limit of 1 MiB with room for the rest. */
const MAX_VALUE_BYTES = 600_000;

/** A message that can never be accepted, as it goes to the dead-letter topic. A value over the broker's limit is cut, and says so. */
export function deadLetterMessage(letter: DeadLetter): { readonly key: Buffer | null; readonly value: object } {
  const { position, rejection, key, value, failedAt } = letter;
  const isCut = value !== null && value.byteLength > MAX_VALUE_BYTES;
  return {
    key: key === null ? null : Buffer.from(key),
    value: {
      original_topic: position.topic,
      original_partition: position.partition,
      original_offset: position.offset,
      original_key: key === null ? null : Buffer.from(key).toString('utf8'),
      original_value: value === null ? null : Buffer.from(value.subarray(0, MAX_VALUE_BYTES)).toString('base64'),
      ...(isCut ? { original_value_cut: true, original_value_bytes: value.byteLength } : {}),
      failure_reason: rejection.reason,
      error_type: rejection.errorType,
      failure_timestamp: new Date(failedAt).toISOString(),
      correlation_id: rejection.correlationId,
    },
  };
}
