import { z } from 'zod';
import type { BackoffLimits } from './backoff.ts';
import { type ClientLogger, warningsOnly } from './client-logger.ts';
import { DiscoveryError } from './errors.ts';

/** How to reach the registry. Only `url` is required; all durations are milliseconds. */
export interface DiscoveryClientOptions {
  /**
   * The GraphQL address of one gateway, such as `http://127.0.0.1:8080/graphql`, or of several of one registry: they are tried in this order
   * until one is to be had, and in turn when that one is lost.
   */
  readonly url: string | readonly string[];
  /** A bearer token, or a function that is asked for one before each connection, and again when one is refused. Default: none. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /**
   * Where the last known services are kept, for a start at which no gateway answers. Written for this user only, and read only by a client of
   * the same URLs. One process one file. Default: they are not kept.
   */
  readonly snapshotFile?: string | undefined;
  /** How long `resolve` waits for a first answer, and everything else that is asked. Default: 5 s. */
  readonly timeout?: number | undefined;
  /** How many distinct requests are kept current at a time; the least recently used makes room. 1 to 90. Default: 50. */
  readonly maxRequests?: number | undefined;
  /** A request that nobody made for so long is not kept current any more. Default: 5 minutes. */
  readonly idleTimeout?: number | undefined;
  /** How long an instance is avoided after a failure was reported, unless it is the only one. Default: 10 s. */
  readonly avoidFailed?: number | undefined;
  /** Waits between rounds through all gateways: doubling from `min` to `max`, the upper half by lot. Default: 100 ms to 10 s. */
  readonly backoff?: Partial<BackoffLimits> | undefined;
  /** How long connecting to one gateway may take. Default: 5 s. */
  readonly connectTimeout?: number | undefined;
  /** How often the gateway must show that it is there; one that does not answer within half of that is left. Default: 10 s. */
  readonly keepAlive?: number | undefined;
  /** Default: warnings on stderr. */
  readonly logger?: ClientLogger | undefined;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface Settings {
  /** For WebSockets. */
  readonly urls: readonly string[];
  readonly token: string | null | (() => string | Promise<string>);
  readonly snapshotFile: string | null;
  readonly timeout: number;
  readonly maxRequests: number;
  readonly idleTimeout: number;
  readonly avoidFailed: number;
  readonly backoff: BackoffLimits;
  readonly connectTimeout: number;
  readonly keepAlive: number;
  readonly logger: ClientLogger;
  readonly now: () => number;
  readonly random: () => number;
}

const SCHEMES: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };
// What a timer of Node can wait for.
const duration = z
  .number()
  .positive()
  .max(2 ** 31 - 1);
const shape = z.object({
  url: z.union([z.string(), z.array(z.string())], { error: 'name a gateway, such as "http://127.0.0.1:8080/graphql", or several' }),
  token: z
    .custom((token) => typeof token === 'string' || typeof token === 'function', 'is a text, or a function that gives one')
    .optional(),
  timeout: duration.default(5000),
  maxRequests: z.number().int().min(1).max(90).default(50),
  idleTimeout: duration.default(300_000),
  avoidFailed: z.number().nonnegative().default(10_000),
  backoff: z.object({ min: duration.default(100), max: duration.default(10_000) }).prefault({}),
  connectTimeout: duration.default(5000),
  keepAlive: duration.default(10_000),
});

/** Throws DiscoveryError `BAD_USER_INPUT` naming the option. */
export function settings(options: DiscoveryClientOptions): Settings {
  const parsed = shape.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(`option ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { token = null, snapshotFile = null, logger = warningsOnly, now = Date.now, random = Math.random } = options;
  const { url, ...numbers } = parsed.data;
  const urls = [...new Set((typeof url === 'string' ? [url] : url).map(socketUrl))];
  if (urls.length === 0) throw wrong('option url: name at least one gateway');
  return { ...numbers, urls, token, snapshotFile, logger, now, random };
}

function socketUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && `${url.username}${url.password}` !== '')
    throw wrong('option url: credentials belong into option token, not into the address');
  const scheme = url === null ? undefined : SCHEMES[url.protocol];
  if (url === null || scheme === undefined) {
    throw wrong(`option url: "${text}" is no address of a gateway, such as "http://127.0.0.1:8080/graphql"`);
  }
  const path = url.pathname === '/' ? '/graphql' : url.pathname;
  return `${scheme}//${url.host}${path}${url.search}`;
}

function wrong(message: string): DiscoveryError {
  return new DiscoveryError('BAD_USER_INPUT', message);
}
