import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { JwtConfig } from '../../config/auth.ts';
import { EXPIRED } from '../../graphql/access.ts';
import { SCOPES, type Scope } from '../../graphql/asker.ts';
import { operatorName } from '../../graphql/context.ts';
import type { Log } from '../../log.ts';
import { IssuerKeys, KeysUnavailable } from './issuer-keys.ts';
import { AccessRefusal } from './refusal.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Asymmetric ones alone: with a shared secret, whoever may check a token could make one; `none` is no signature. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** By which the clocks of issuer and gateway may differ. Seconds. */
const CLOCK_TOLERANCE = 5;

export interface VerifiedJwt {
  /** `sub`; null where the token has none. */
  readonly subject: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Throws AccessRefusal for a token that does not count, and for one of which nobody can tell, because the issuer's keys cannot be had. */
export type JwtVerifier = (token: string) => Promise<VerifiedJwt>;

export interface JwtVerifierOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds between two questions to the issuer. Default: 5,000. */
  readonly cooldown?: number;
}

/** Issuers differ in where they write what a token may do, and whether as one text or a list. */
const scopeList = z
  .union([
    z.string().transform((text) => text.split(' ')),
    z.array(z.unknown()).transform((all) => all.filter((one) => typeof one === 'string')),
  ])
  .catch([]);

const claims = z.object({
  sub: operatorName.optional(),
  exp: z.number(),
  scope: scopeList,
  scp: scopeList,
  permissions: scopeList,
});

/** Checks signature, issuer, audience and times of JWTs, and reads what they allow. A token is verified once for each edition of the issuer's keys. */
export function createJwtVerifier(config: JwtConfig, { now, log, cooldown }: JwtVerifierOptions): JwtVerifier {
  const keys = new IssuerKeys({ url: config.jwksUrl, now, log, cooldown });
  const verified = new VerifiedTokens<VerifiedJwt>();
  return async (token) => {
    const edition = keys.edition;
    const known = edition === null ? undefined : verified.get(token, edition, now());
    if (known !== undefined) return known;
    const found = await verify(token, config, keys, now());
    // Of the keys as they are now: what was verified by older ones is verified again.
    if (edition !== null && edition === keys.edition) verified.set(token, edition, found);
    return found;
  };
}

/** Throws AccessRefusal. `now` is milliseconds since 1970. */
async function verify(token: string, { issuer, audiences }: JwtConfig, keys: IssuerKeys, now: number): Promise<VerifiedJwt> {
  const { payload } = await jwtVerify(token, (header, jws) => keys.keyOf(header, jws), {
    algorithms: ALGORITHMS,
    issuer,
    audience: [...audiences],
    clockTolerance: CLOCK_TOLERANCE,
    requiredClaims: ['exp'],
    currentDate: new Date(now),
  }).catch((error: unknown) => {
    throw refusalOf(error);
  });
  const parsed = claims.safeParse(payload);
  if (!parsed.success) {
    throw new AccessRefusal(
      'invalid_jwt',
      `The token's "${parsed.error.issues[0]?.path.join('.')}" cannot be used: ${parsed.error.issues[0]?.message}`,
    );
  }
  const { sub, exp, scope, scp, permissions } = parsed.data;
  return {
    subject: sub ?? null,
    scopes: scopesOf([...scope, ...scp, ...permissions]),
    expiresAt: (exp + CLOCK_TOLERANCE) * 1000,
  };
}

function scopesOf(names: readonly string[]): ReadonlySet<Scope> {
  if (names.includes('registry:write')) return SCOPES.write;
  return names.includes('registry:read') ? SCOPES.read : SCOPES.nothing;
}

/** Says what is wrong with a token, and never what is in it. */
function refusalOf(error: unknown): unknown {
  if (error instanceof KeysUnavailable) {
    const message = 'The token cannot be checked now: its issuer does not answer with its keys. Try again in a few seconds';
    return new AccessRefusal('keys_unavailable', message, { cause: error });
  }
  if (error instanceof errors.JWTExpired) return new AccessRefusal('expired', EXPIRED, { cause: error });
  if (error instanceof errors.JOSEError)
    return new AccessRefusal('invalid_jwt', `The token is not valid: ${complaint(error)}`, { cause: error });
  return error;
}

function complaint(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' || error.claim === 'iat') return `its time ("${error.claim}") has not come yet`;
    return `its "${error.claim}" ${error.reason === 'missing' ? 'is missing' : 'is not the one that this gateway asks for'}`;
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no key of that name ("kid") and kind';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'its issuer has several keys that would fit, and it names none ("kid")';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'it is signed in a way ("alg") that does not count here; RS256, PS256, ES256 and EdDSA do, for example';
  return 'it is not a signed JSON Web Token';
}
