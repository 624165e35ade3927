/** Where the client logs. A pino logger fits as it is. */
export interface ClientLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Says on stderr what went wrong, and nothing else. */
export const warningsOnly: ClientLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (details, message) => console.warn(message, details),
};
