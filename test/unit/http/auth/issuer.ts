import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'registry';

interface SigningKey {
  readonly id: string;
  readonly alg: string;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly publicJwk: JWK;
}

export interface Claims {
  readonly [name: string]: unknown;
}

/** An issuer of JWTs with a real key server on a free port; closed when the test ends. */
export async function startIssuer() {
  const keys = new Map<string, SigningKey>();
  let published: string[] = [];
  let asked = 0;
  /** Answers in place of the keys; null: the keys. */
  let instead: { readonly status: number; readonly body: string } | null = null;
  let isSilent = false;
  const server = createServer((_request, response) => {
    asked += 1;
    if (isSilent) return;
    const body = { keys: published.flatMap((id) => keys.get(id)?.publicJwk ?? []) };
    response.writeHead(instead?.status ?? 200, { 'content-type': 'application/json' }).end(instead?.body ?? JSON.stringify(body));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  onTestFinished(close);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}/keys`,
    env: { AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE },
    /** Makes a key, and publishes it and no other unless told otherwise. */
    newKey: async (id: string, { alg = 'ES256', publish = true } = {}) => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      keys.set(id, { id, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid: id, alg, use: 'sig' } });
      if (publish) published = [id];
    },
    publish: (...ids: string[]) => {
      published = ids;
    },
    answerInstead: (answer: { readonly status: number; readonly body: string } | null) => {
      instead = answer;
    },
    /** Takes questions, and answers none. */
    fallSilent: () => {
      isSilent = true;
    },
    asked: () => asked,
    stop: close,
    restart: () => listen(port),
    /** A token of the key, valid for a minute from `now` (milliseconds) on; `claims` win, undefined leaves one out. */
    sign: (id: string, now: number, claims: Claims = {}): Promise<string> => {
      const key = keys.get(id);
      if (key === undefined) throw new Error(`there is no key ${id}`);
      const seconds = Math.floor(now / 1000);
      const all = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', scope: 'registry:read', iat: seconds, exp: seconds + 60, ...claims };
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: id }).sign(key.privateKey);
    },
  };
}
