import { randomBytes } from 'node:crypto';

export type OwnToken = {
  /** What the gateway needs in its environment to know the token; empty where it asks for none. */
  readonly env: NodeJS.ProcessEnv;
  readonly token: string | null;
};

/**
 * A token for what asks the gateway from here, where tokens are asked for: made anew for each run, listed beside those that are configured,
 * and good for reading only.
 */
export function ownToken({ AUTH_TOKENS_READ, AUTH_TOKENS_WRITE, AUTH_JWKS_URL }: NodeJS.ProcessEnv): OwnToken {
  if (!AUTH_TOKENS_READ && !AUTH_TOKENS_WRITE && !AUTH_JWKS_URL) return { env: {}, token: null };
  const token = randomBytes(24).toString('base64url');
  return { env: { AUTH_TOKENS_READ: [AUTH_TOKENS_READ, `npm-start:${token}`].filter(Boolean).join(',') }, token };
}
