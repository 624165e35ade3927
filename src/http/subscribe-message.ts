import { z } from 'zod';

const subscribeShape = z.looseObject({ type: z.literal('subscribe'), payload: z.looseObject({ query: z.undefined().optional() }) });

const serverShape = z.looseObject({ type: z.enum(['connection_ack', 'next', 'error']) });

/** Whether a message that was read is one that only a server sends. The protocol's library fails on it as on a fault of its own. */
export function isOfServer(text: string): boolean {
  try {
    return serverShape.safeParse(JSON.parse(text)).success;
  } catch {
    // No JSON is nobody's.
    return false;
  }
}

/**
 * A subscribe message that names a registered document and has no text, with an empty one: the protocol demands it, and would close the
 * socket. Everything else comes back as it is, unread.
 */
export function withQuery(text: string): string {
  // Whether it has a text cannot be seen so: a variable may be called query, or be "query".
  if (!text.includes('"documentId"') && !text.includes('"persistedQuery"')) return text;
  try {
    const { success, data } = subscribeShape.safeParse(JSON.parse(text));
    return success ? JSON.stringify({ ...data, payload: { ...data.payload, query: '' } }) : text;
  } catch {
    // No JSON: the protocol says so to the client.
    return text;
  }
}
