import { z } from 'zod';
import { createLog, type Log } from '../../../../src/log.ts';

const line = z.looseObject({ level: z.string(), msg: z.string() });

export type LogLine = z.infer<typeof line>;

/** A log that the test reads. */
export function recordedLog(): { readonly log: Log; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const log = createLog('trace', 'test', { write: (text) => void lines.push(line.parse(JSON.parse(text))) });
  return { log, lines };
}

export function silentLog(): Log {
  return createLog('silent', 'test');
}
