import { createSecretKey } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createJwtVerifier } from '../../../../src/http/auth/jwt.ts';
import { AccessRefusal } from '../../../../src/http/auth/refusal.ts';
import { until } from '../../../until.ts';
import { accessOf } from './access.ts';
import { AUDIENCE, type Claims, ISSUER, startIssuer } from './issuer.ts';

const T0 = Date.UTC(2026, 10, 24, 12);
const MINUTE = 60_000;

/** An issuer with one key, and a gateway's view of it. */
async function setUp({ cooldown = 0 } = {}) {
  const issuer = await startIssuer();
  await issuer.newKey('one');
  const clock = { now: T0 };
  const warnings: unknown[] = [];
  const { jwt } = accessOf(issuer.env);
  if (jwt === null) throw new Error('an issuer is configured');
  const verify = createJwtVerifier(jwt, { now: () => clock.now, log: { warn: (line: unknown) => void warnings.push(line) }, cooldown });
  /** What a token is refused for; null where it counts. */
  const refusal = (token: string) =>
    verify(token).then(
      () => null,
      (error: unknown) => {
        if (error instanceof AccessRefusal) return error;
        throw error;
      },
    );
  const sign = (claims: Claims = {}, key = 'one') => issuer.sign(key, clock.now, claims);
  return { issuer, clock, warnings, verify, refusal, sign };
}

describe('a JWT of the issuer', () => {
  it('should tell who it is, what it may do and until when', async () => {
    const { verify, sign } = await setUp();
    expect(await verify(await sign())).toEqual({ subject: 'alice', scopes: new Set(['registry:read']), expiresAt: T0 + 65_000 });
  });

  it.each<[string, Claims, string[]]>([
    ['a text of scopes', { scope: 'openid registry:write' }, ['registry:read', 'registry:write']],
    ['a list of scopes', { scope: ['registry:read', 7] }, ['registry:read']],
    ['scp', { scope: undefined, scp: ['registry:write'] }, ['registry:read', 'registry:write']],
    ['permissions', { scope: 'openid', permissions: ['registry:read'] }, ['registry:read']],
    ['none of them', { scope: undefined }, []],
    ['other scopes alone', { scope: 'registry:reader xregistry:read registry' }, []],
    ['a scope that is no text', { scope: { registry: 'write' } }, []],
  ])('should be read where it has %s', async (_what, claims, scopes) => {
    const { verify, sign } = await setUp();
    expect([...(await verify(await sign(claims))).scopes]).toEqual(scopes);
  });

  it('should do without a subject, and with one of several audiences', async () => {
    const { verify, sign } = await setUp();
    expect((await verify(await sign({ sub: undefined, aud: ['other', AUDIENCE] }))).subject).toBeNull();
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('should be signed with %s, for example', async (alg) => {
    const { issuer, verify, sign } = await setUp();
    await issuer.newKey('other', { alg });
    expect((await verify(await sign({}, 'other'))).subject).toBe('alice');
  });

  it.each<[string, Claims, string, RegExp]>([
    ['that has expired', { exp: T0 / 1000 - 6 }, 'expired', /has expired: get a new one/],
    ['without an end', { exp: undefined }, 'invalid_jwt', /"exp" is missing/],
    ['that begins later', { nbf: T0 / 1000 + 60 }, 'invalid_jwt', /"nbf"\) has not come yet/],
    ['of another issuer', { iss: 'https://evil.example/' }, 'invalid_jwt', /"iss" is not the one/],
    ['without an issuer', { iss: undefined }, 'invalid_jwt', /"iss" is missing/],
    ['for another audience', { aud: 'shop' }, 'invalid_jwt', /"aud" is not the one/],
    ['without an audience', { aud: undefined }, 'invalid_jwt', /"aud" is missing/],
    ['of a subject that no log can take', { sub: 'a\nb' }, 'invalid_jwt', /"sub" cannot be used/],
  ])('should be refused where it is one %s', async (_what, claims, reason, message) => {
    const { refusal, sign } = await setUp();
    const token = await sign(claims);
    const refused = await refusal(token);
    expect(refused?.reason).toBe(reason);
    expect(refused?.code).toBe('UNAUTHENTICATED');
    expect(refused?.message).toMatch(message);
    expect(refused?.message).not.toMatch(/evil|shop|eyJ/);
  });

  it('should allow for clocks that differ by a few seconds', async () => {
    const { clock, refusal, sign } = await setUp();
    const token = await sign();
    clock.now += 64_000;
    expect(await refusal(token)).toBeNull();
    clock.now += 2000;
    expect((await refusal(token))?.reason).toBe('expired');
  });
});

describe('a token that was shown before', () => {
  it('should be what it was, until it expires, and no other token be taken for it', async () => {
    const { verify, refusal, sign, clock } = await setUp();
    const token = await sign();
    const [header, payload, signature = ''] = token.split('.');
    const first = await verify(token);
    for (let index = 0; index < 3; index++) expect(await verify(token)).toEqual(first);
    const forged = [header, payload, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`].join('.');
    expect((await refusal(forged))?.reason).toBe('invalid_jwt');
    clock.now += 66_000;
    expect((await refusal(token))?.reason).toBe('expired');
  });
});

describe('a forged JWT', () => {
  it('should not count with a signature of another key under a known name', async () => {
    const { issuer, refusal, sign } = await setUp();
    const forger = await startIssuer();
    await forger.newKey('one');
    expect((await refusal(await forger.sign('one', T0)))?.message).toContain('its signature is wrong');
    const [header, , signature] = (await sign()).split('.');
    const [, payload] = (await sign({ scope: 'registry:write' })).split('.');
    expect((await refusal([header, payload, signature].join('.')))?.message).toContain('its signature is wrong');
    expect(issuer.asked()).toBe(1);
  });

  it('should not count without a signature, or with a shared secret', async () => {
    const { issuer, refusal } = await setUp();
    const none = new UnsecuredJWT({ scope: 'registry:write' }).setIssuer(ISSUER).setAudience(AUDIENCE).setExpirationTime('1m').encode();
    expect((await refusal(none))?.reason).toBe('invalid_jwt');
    // The public key as the secret: what a verifier that trusts "alg" would fall for.
    const secret = createSecretKey(Buffer.from(issuer.url.padEnd(64, '.')));
    const shared = await new SignJWT({ scope: 'registry:write' }).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(secret);
    expect((await refusal(shared))?.message).toContain('"alg"');
    expect(issuer.asked()).toBe(0);
  });

  it.each(['a.b.c', '..', 'eyJhbGciOiJFUzI1NiJ9..', `${'x'.repeat(4000)}.y.z`])('should not count as nonsense: %s', async (token) => {
    const { refusal } = await setUp();
    expect((await refusal(token))?.reason).toBe('invalid_jwt');
  });
});

describe('the keys of the issuer', () => {
  it('should be fetched once for many tokens', async () => {
    const { issuer, verify, sign } = await setUp();
    await Promise.all(Array.from({ length: 10 }, async () => verify(await sign())));
    await verify(await sign());
    expect(issuer.asked()).toBe(1);
  });

  it('should be fetched anew when a token names one that is not known, and forgotten when they are taken back', async () => {
    const { issuer, refusal, sign } = await setUp();
    const before = await sign();
    expect(await refusal(before)).toBeNull();
    await issuer.newKey('two');
    expect(await refusal(await sign({}, 'two'))).toBeNull();
    expect(issuer.asked()).toBe(2);
    expect((await refusal(before))?.message).toContain('no key of that name');
  });

  it('should not be asked for again at once for names that nobody has', async () => {
    const { issuer, refusal, sign } = await setUp({ cooldown: 60_000 });
    expect(await refusal(await sign())).toBeNull();
    await issuer.newKey('unknown', { publish: false });
    for (let index = 0; index < 5; index++) expect((await refusal(await sign({}, 'unknown')))?.reason).toBe('invalid_jwt');
    expect(issuer.asked()).toBe(1);
  });

  it.each<[string, { readonly status: number; readonly body: string }]>([
    ['fails', { status: 500, body: 'down' }],
    ['answers with something else', { status: 200, body: '<html>' }],
    ['answers with JSON that has no keys', { status: 200, body: '{"error": "x"}' }],
    ['sends elsewhere', { status: 302, body: '' }],
  ])('should not make a token wrong while the issuer %s', async (_what, answer) => {
    const { issuer, refusal, sign, warnings } = await setUp();
    issuer.answerInstead(answer);
    const refused = await refusal(await sign());
    expect(refused).toMatchObject({
      reason: 'keys_unavailable',
      code: 'BACKEND_UNAVAILABLE',
      status: 503,
      headers: { 'Retry-After': '5' },
    });
    expect(refused?.message).toContain('Try again');
    expect(JSON.stringify(warnings)).not.toContain('eyJ');
    expect(warnings).toHaveLength(1);
    issuer.answerInstead(null);
    expect(await refusal(await sign())).toBeNull();
  });

  it('should not be asked for at every token while the issuer is away', async () => {
    const { issuer, refusal, sign, clock } = await setUp({ cooldown: 5000 });
    issuer.answerInstead({ status: 500, body: '' });
    for (let index = 0; index < 5; index++) expect((await refusal(await sign()))?.reason).toBe('keys_unavailable');
    expect(issuer.asked()).toBe(1);
    issuer.answerInstead(null);
    clock.now += 5001;
    expect(await refusal(await sign())).toBeNull();
  });

  it('should be fetched anew while tokens come, and nobody wait for it', async () => {
    const { issuer, refusal, sign, clock } = await setUp({ cooldown: MINUTE });
    await refusal(await sign());
    const other = await sign();
    await issuer.newKey('two');
    clock.now += 6 * MINUTE;
    const later = await sign();
    expect(await refusal(later)).toBeNull();
    await until('the new keys count', async () => (await refusal(later))?.message.includes('no key of that name'));
    expect(await refusal(await sign({}, 'two'))).toBeNull();
    expect(issuer.asked()).toBe(2);
    expect((await refusal(other))?.reason).toBe('invalid_jwt');
  });

  it('should hold up nobody whose token they can check, while the issuer says nothing', async () => {
    const { issuer, refusal, sign, clock } = await setUp({ cooldown: 5000 });
    expect(await refusal(await sign())).toBeNull();
    issuer.fallSilent();
    clock.now += 6 * MINUTE;
    for (let index = 0; index < 5; index++) expect(await refusal(await sign())).toBeNull();
    await until('it is asked', () => issuer.asked() === 2);
    await issuer.stop();
    clock.now += 49 * MINUTE;
    expect(await refusal(await sign())).toBeNull();
    clock.now += 6 * MINUTE;
    expect((await refusal(await sign()))?.reason).toBe('keys_unavailable');
  });

  it('should go on counting while the issuer is away, and say of new ones that nobody knows', async () => {
    const { issuer, refusal, sign, clock } = await setUp();
    expect(await refusal(await sign())).toBeNull();
    await issuer.newKey('two');
    await issuer.stop();
    expect((await refusal(await sign({}, 'two')))?.reason).toBe('keys_unavailable');
    expect(await refusal(await sign())).toBeNull();
    await issuer.restart();
    clock.now += 6000;
    expect(await refusal(await sign({}, 'two'))).toBeNull();
  });
});
