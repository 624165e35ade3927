import { z } from 'zod';

const subscribeShape = z.looseObject({ type: z.literal('subscribe'), payload: z.looseObject({ query: z.undefined().optional() }) });

/**
 * A subscribe message that names a registered document and has no text, with an empty one: the protocol demands it, and would close the
 * socket. Everything else comes back as it is, unread.
 */
export function withQuery(text: string): string {
  if (text.includes('"query"') || !text.includes('"subscribe"')) return text;
  try {
    const { success, data } = subscribeShape.safeParse(JSON.parse(text));
    return success ? JSON.stringify({ ...data, payload: { ...data.payload, query: '' } }) : text;
  } catch {
    // No JSON: the protocol says so to the client.
    return text;
  }
}
