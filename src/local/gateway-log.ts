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
  .pipe(z.object({ level: z.string(), msg: z.string().default(''), error: z.object({ message: z.string() }).optional() }));

/** What a person wants to see of a line of the gateway's output: warnings, errors, and whatever is no log line at all. */
export function shortLogLine(text: string): string | null {
  if (text.trim() === '') return null;
  const parsed = logLine.safeParse(text);
  if (!parsed.success) return text;
  const { level, msg, error } = parsed.data;
  if (!['warn', 'error', 'fatal'].includes(level)) return null;
  return `${level.toUpperCase()} ${msg}${error === undefined ? '' : ` (${error.message})`}`;
}
