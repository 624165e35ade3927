/**
 * The longest start of the text that fits into `bytes` bytes of UTF-8, never half a character. Consul counts bytes where its messages
 * say characters (measured on 1.19.2: 257 `ü` are refused as longer than 512).
 */
export function cutText(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let used = 0;
  let end = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The most of a check's output that is kept, in bytes: a health page can be megabytes, a reason is a line or two. */
export const OUTPUT_BYTES = 1024;

/**
 * What a check said, fit to be stored and shown: at most {@link OUTPUT_BYTES} bytes, without the two things Postgres refuses in a text
 * (U+0000 and half a surrogate pair). The text comes from whatever answers on the node's endpoint.
 */
export function checkOutput(text: string): string {
  return cutText(text.replaceAll('\u0000', '').toWellFormed(), OUTPUT_BYTES);
}
