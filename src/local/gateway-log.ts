import { z } from 'zod';

const logLine = z
  .string()
  .transform((text, context) => {
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch (error) {
      context.addIssue({ code: 'custom', message: `not JSON: ${error}` });
      return z.NEVER;
    }
  })
  .pipe(
    z.object({
      level: z.string(),
      msg: z.string().default(''),
      error: z
        .union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])
        .optional()
        .catch(undefined),
      /** Set by kafkajs alone: it retries what it complains of, and says so once more when it gives up. */
      namespace: z.string().optional(),
    }),
  );

/** What a person wants to see of a line of the gateway's output: warnings, errors, and whatever is no log line at all. */
export function shortLogLine(text: string): string | null {
  if (text.trim() === '') return null;
  const parsed = logLine.safeParse(text);
  if (!parsed.success) return text;
  const { level, msg, error, namespace } = parsed.data;
  const wanted = level === 'error' || level === 'fatal' || (level === 'warn' && namespace === undefined);
  return wanted ? `${level.toUpperCase()} ${msg}${error === undefined ? '' : ` (${error})`}` : null;
}
