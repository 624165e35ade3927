import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { hasControlCharacter } from '../events/node-id.ts';
import type { HttpConfig } from './http.ts';
import { isLoopback } from './loopback.ts';
import { flag, list, optional } from './values.ts';

/** A token that the environment lists. Only its SHA-256 is kept, so that no dump of the configuration can tell it. */
export interface StaticToken {
  /** Goes into the change log; null where the list gives none. */
  readonly name: string | null;
  readonly digest: Buffer;
  /** Also `registry:write`; otherwise `registry:read` alone. */
  readonly mayWrite: boolean;
}

/** Whose JWTs count. */
export interface JwtConfig {
  readonly jwksUrl: URL;
  readonly issuer: string;
  /** One of these must be among the token's. */
  readonly audiences: readonly string[];
}

/** What somebody without a token may do. */
export type Anonymous = 'nothing' | 'read' | 'write';

/** A shorter token can be guessed. Characters. */
const MIN_TOKEN_LENGTH = 16;
const MAX_TOKEN_NAME_LENGTH = 100;
/** `b64token` of RFC 6750, section 2.1: what can follow `Bearer `. It has no colon, so that a name can stand before one. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** `token` or `name:token`, separated by commas. A problem names the entry's place in the list, because any part of it may be secret. */
const tokens = (mayWrite: boolean) =>
  z
    .string()
    .default('')
    .transform((text, context): readonly StaticToken[] => {
      const entries = text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
      if (text !== '' && entries.length === 0) context.addIssue({ code: 'custom', message: 'has no token in it' });
      return entries.map((entry, index) => {
        const colon = entry.indexOf(':');
        const name = colon < 0 ? null : entry.slice(0, colon).trim();
        const token = entry.slice(colon + 1).trim();
        const problem = tokenProblem(name, token);
        if (problem !== null) context.addIssue({ code: 'custom', message: `entry ${index + 1} ${problem}` });
        return { name, digest: createHash('sha256').update(token).digest(), mayWrite };
      });
    });

function tokenProblem(name: string | null, token: string): string | null {
  if (name !== null && (name === '' || name.length > MAX_TOKEN_NAME_LENGTH || hasControlCharacter(name))) {
    return `has no name of 1 to ${MAX_TOKEN_NAME_LENGTH} characters before its colon`;
  }
  if (token.length < MIN_TOKEN_LENGTH) {
    return `has a token of ${token.length} characters; ${MIN_TOKEN_LENGTH} are the least, such as from: openssl rand -hex 32`;
  }
  return B64TOKEN.test(token)
    ? null
    : 'has a token with a character that no bearer token can have (RFC 6750): letters, digits and - . _ ~ + / can be, and = at the end';
}

const jwksUrl = optional.transform((text, context) => {
  if (text === undefined) return null;
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (
      url.username === '' &&
      url.password === '' &&
      (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
    ) {
      return url;
    }
  }
  context.addIssue({
    code: 'custom',
    message: 'is not an https:// URL without user and password (http:// on this machine alone): where the issuer publishes its keys',
  });
  return z.NEVER;
});

/** Host names, without scheme and port. */
const hosts = list('').transform((names, context) =>
  names.map((entry) => {
    const name = entry.toLowerCase().replace(/^\[|\]$/g, '');
    if (isIP(name) === 0 && !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(name)) {
      context.addIssue({ code: 'custom', message: `"${entry}" is not a host name such as gateway.example, without scheme and port` });
    }
    return name;
  }),
);

const ANONYMOUS = { false: null, read: 'read', true: 'write' } as const;

export const authVariables = z.object({
  AUTH_TOKENS_READ: tokens(false),
  AUTH_TOKENS_WRITE: tokens(true),
  AUTH_JWKS_URL: jwksUrl,
  AUTH_ISSUER: optional,
  AUTH_AUDIENCE: list(''),
  ALLOW_ANONYMOUS: z
    .string()
    .default('false')
    .transform((text, context) => {
      const value = text.trim().toLowerCase();
      if (value === 'false' || value === 'read' || value === 'true') return ANONYMOUS[value];
      context.addIssue({ code: 'custom', message: `"${text}" is none of false, read and true` });
      return z.NEVER;
    }),
  ALLOWED_HOSTS: hosts,
  AUTH_METRICS: flag(false),
  GRAPHQL_INTROSPECTION: flag(true),
  GRAPHIQL: flag(true),
});

export type AuthConfig = ReturnType<typeof authConfig>;

export function authConfig(e: z.output<typeof authVariables>, http: HttpConfig) {
  const staticTokens: readonly StaticToken[] = [...e.AUTH_TOKENS_READ, ...e.AUTH_TOKENS_WRITE];
  const jwt: JwtConfig | null =
    e.AUTH_JWKS_URL === null ? null : { jwksUrl: e.AUTH_JWKS_URL, issuer: e.AUTH_ISSUER ?? '', audiences: e.AUTH_AUDIENCE };
  const configured = staticTokens.length > 0 || jwt !== null;
  // Without any of it only this machine gets in: authProblems refuses every other address.
  const anonymous: Anonymous = e.ALLOW_ANONYMOUS ?? (configured ? 'nothing' : 'write');
  return {
    tokens: staticTokens,
    jwt,
    anonymous,
    hosts: protectedHosts(e.ALLOWED_HOSTS, anonymous, http),
    /** Whether `/metrics` needs a token too. */
    metrics: e.AUTH_METRICS,
    introspection: e.GRAPHQL_INTROSPECTION,
    graphiql: e.GRAPHIQL,
  };
}

/**
 * Names under which requests may address this gateway, beside those of this machine; null: under any. A page can let its own name
 * resolve to 127.0.0.1 (DNS rebinding) and would then be of the gateway's own origin. That gains it something only where being on this
 * machine is all that is asked for, or where an operator asks for the check.
 */
function protectedHosts(allowed: readonly string[], anonymous: Anonymous, http: HttpConfig): readonly string[] | null {
  const protects = allowed.length > 0 || (anonymous !== 'nothing' && isLoopback(http.host));
  return protects ? [http.host.toLowerCase(), http.advertisedHost.toLowerCase(), ...allowed] : null;
}

/** What no single variable can be blamed for. */
export function authProblems(present: NodeJS.ProcessEnv, e: z.output<typeof authVariables> | undefined): readonly string[] {
  const problems: string[] = [];
  const configured = ['AUTH_TOKENS_READ', 'AUTH_TOKENS_WRITE', 'AUTH_JWKS_URL'].some((name) => present[name] !== undefined);
  if (present['AUTH_JWKS_URL'] !== undefined) {
    for (const [name, what] of [
      ['AUTH_ISSUER', 'the "iss" of its tokens'],
      ['AUTH_AUDIENCE', 'an "aud" that its tokens have for this gateway'],
    ] as const) {
      if (present[name] === undefined) problems.push(`${name} is missing: AUTH_JWKS_URL needs it, ${what}`);
    }
    if (present['AUTH_AUDIENCE'] !== undefined && e?.AUTH_AUDIENCE.length === 0) problems.push('AUTH_AUDIENCE has no audience in it');
  } else if (present['AUTH_ISSUER'] !== undefined || present['AUTH_AUDIENCE'] !== undefined) {
    problems.push('AUTH_JWKS_URL is missing: AUTH_ISSUER and AUTH_AUDIENCE say nothing without the keys of the issuer');
  }
  if (e !== undefined) {
    const digests = [...e.AUTH_TOKENS_READ, ...e.AUTH_TOKENS_WRITE].map(({ digest }) => digest.toString('hex'));
    if (new Set(digests).size < digests.length) {
      problems.push(
        'AUTH_TOKENS_READ and AUTH_TOKENS_WRITE have the same token twice: each token stands once, in the list of what it may do',
      );
    }
    if (e.AUTH_METRICS && !configured) {
      problems.push('AUTH_METRICS=true needs AUTH_TOKENS_READ, AUTH_TOKENS_WRITE or AUTH_JWKS_URL: nobody has a token otherwise');
    }
  }
  const host = present['SERVICE_HOST'];
  const anonymous = present['ALLOW_ANONYMOUS']?.trim().toLowerCase() ?? 'false';
  if (host !== undefined && !isLoopback(host) && !configured && anonymous === 'false') {
    problems.push(
      `SERVICE_HOST=${host} lets other machines in, and nothing says who may: set AUTH_TOKENS_READ and AUTH_TOKENS_WRITE, or AUTH_JWKS_URL, or ALLOW_ANONYMOUS=true where anybody who reaches this port may read and change the registry (read: may read it)`,
    );
  }
  return problems;
}
