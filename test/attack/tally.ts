import { z } from 'zod';

const answerShape = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string(), limit: z.string().optional() }) })) });

/** How often an attack was answered how: `answered`, the name of a limit, a code, or what happened to the connection. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(outcome: string): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  /** The first error that an answer of GraphQL names. */
  answer(text: string): void {
    const [error] = text.includes('"errors"') ? (answerShape.safeParse(JSON.parse(text)).data?.errors ?? []) : [];
    this.add(error?.extensions.limit ?? error?.extensions.code ?? (text.includes('"errors"') ? 'unknown error' : 'answered'));
  }

  /** The same, for a message over a WebSocket. */
  message(text: string): void {
    const limit = /"limit":"(LIMIT_[A-Z_]+)"/.exec(text)?.[1];
    this.add(limit ?? (text.includes('"errors"') || text.includes('"type":"error"') ? 'error' : 'message'));
  }
}
