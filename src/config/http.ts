import { hostname } from 'node:os';
import { z } from 'zod';
import { list, number, optional } from './values.ts';

/** Addresses to listen on that nobody can connect to. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export const httpVariables = z.object({
  SERVICE_HOST: z.string().default('127.0.0.1'),
  SERVICE_PORT: number(8080, 0, 65_535),
  LOCAL_IP: optional,
  ALLOWED_ORIGINS: list(''),
});

export type HttpConfig = ReturnType<typeof httpConfig>;

export function httpConfig(e: z.output<typeof httpVariables>) {
  return {
    host: e.SERVICE_HOST,
    port: e.SERVICE_PORT,
    advertisedHost: e.LOCAL_IP ?? (WILDCARDS.has(e.SERVICE_HOST) ? hostname() : e.SERVICE_HOST),
    allowedOrigins: e.ALLOWED_ORIGINS,
  };
}
