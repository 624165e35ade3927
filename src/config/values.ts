import { z } from 'zod';

/** Milliseconds. */
export const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** What a timer of Node can wait at most: a longer one fires at once. Milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/** Durations read like Consul's: `500ms`, `30s`, `2m`, `1h`. The value, `min` and `max` are milliseconds; `max` is that of timers. */
export const duration = (fallback: string, min = 0, max = MAX_TIMER) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
      const [, amount, unit] = match ?? [];
      if (amount === undefined || (unit !== 'ms' && unit !== 's' && unit !== 'm' && unit !== 'h') || Number(amount) <= 0) {
        context.addIssue({ code: 'custom', message: `"${text}" is not a duration above zero such as 500ms, 30s or 2m` });
        return z.NEVER;
      }
      const value = Number(amount) * UNITS[unit];
      if (value >= min && value <= max) return value;
      const limit = value < min ? `shorter than ${min / UNITS.s}s` : `longer than ${Math.floor(max / UNITS.h)}h`;
      context.addIssue({ code: 'custom', message: `"${text}" is ${limit}` });
      return z.NEVER;
    });

/** A number from `min` to `max`, both included; a whole one unless told otherwise. */
export const number = (fallback: number, min: number, max: number, whole = true) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = Number(text);
      if (text.trim() === '' || Number.isNaN(value) || (whole && !Number.isInteger(value)) || value < min || value > max) {
        context.addIssue({ code: 'custom', message: `"${text}" is not a ${whole ? 'whole ' : ''}number from ${min} to ${max}` });
        return z.NEVER;
      }
      return value;
    });

export const flag = (fallback: boolean) =>
  z
    .string()
    .default(String(fallback))
    .transform((text, context) => {
      const value = text.trim().toLowerCase();
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      context.addIssue({ code: 'custom', message: `"${text}" is neither true nor false` });
      return z.NEVER;
    });

/** Comma-separated; blank entries do not count. */
export const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    );

export const optional = z.string().optional();
