import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** Keys whose values never reach a log line, at the top level and one level down. */
const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'apiKey', 'api_key', 'connectionString', 'cookie', 'sasl'];

/** Credentials inside a text: `scheme://user:password@host`, `password=…`, `Bearer …`. */
const SECRETS_IN_TEXT: readonly [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]*:\/\/[^:/?#\s@"']*):[^/\s"']+@/gi, '$1:***@'],
  [
    /\b(pass(?:word|wd)?|secret|token|api[-_]?key|authorization|credential[s]?)("?\s*[:=]\s*"?)(?:bearer\s+|basic\s+)?[^\s"',;&}]+/gi,
    '$1$2***',
  ],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 ***'],
];

/** The text without passwords, tokens and keys. */
export function maskSecrets(text: string): string {
  return SECRETS_IN_TEXT.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** JSON lines on stdout (or the given stream), times in ISO 8601, secrets masked. */
export function createLog(level: string, gatewayId: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { gateway: gatewayId },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '***' },
    serializers: {
      error: (error: unknown) =>
        error instanceof Error
          ? { name: error.name, message: maskSecrets(error.message), stack: maskSecrets(error.stack ?? '') }
          : typeof error === 'string'
            ? maskSecrets(error)
            : error,
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
