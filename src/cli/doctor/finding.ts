export type Level = 'ok' | 'warning' | 'fault';
export type Part = 'configuration' | 'kafka' | 'consul' | 'postgres' | 'snapshot' | 'port' | 'gateway';

/** One thing that was looked at. */
export interface Finding {
  readonly part: Part;
  readonly level: Level;
  /** What is so, in one sentence. */
  readonly what: string;
  /** What to do about it; null where nothing has to be done. */
  readonly remedy: string | null;
}

/** Findings of one part. */
export function findingsOf(part: Part) {
  return {
    ok: (what: string): Finding => ({ part, level: 'ok', what, remedy: null }),
    warning: (what: string, remedy: string): Finding => ({ part, level: 'warning', what, remedy }),
    fault: (what: string, remedy: string): Finding => ({ part, level: 'fault', what, remedy }),
  };
}
