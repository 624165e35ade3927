/** Where the library logs. A pino logger fits as it is. */
export interface NodeLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Says on stderr what went wrong, and nothing else. */
export const warningsOnly: NodeLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (details, message) => console.warn(message, details),
};
