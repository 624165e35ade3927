import type { OperationTypeNode } from 'graphql';
import type { ErrorCode } from '../errors.ts';
import type { Asker, Scope } from './asker.ts';

/** Why an asker may not run an operation. */
export interface AccessProblem {
  readonly reason: 'no_token' | 'expired' | 'scope';
  readonly code: Extract<ErrorCode, 'UNAUTHENTICATED' | 'FORBIDDEN'>;
  /** Says what to do. */
  readonly message: string;
  /** The scope that the operation needs. */
  readonly scope: Scope;
}

/**
 * Whether an asker may run an operation: null, or why not. By the kind of operation alone, so that a field added later is covered.
 * `now` is milliseconds since 1970.
 */
export function accessProblem(asker: Asker, operation: OperationTypeNode | `${OperationTypeNode}`, now: number): AccessProblem | null {
  const scope: Scope = operation === 'mutation' ? 'registry:write' : 'registry:read';
  if (asker.expiresAt !== null && asker.expiresAt <= now) {
    return { reason: 'expired', code: 'UNAUTHENTICATED', message: EXPIRED, scope };
  }
  if (asker.scopes.has(scope)) return null;
  if (!asker.authenticated) {
    const message = `A ${operation} needs a token with the scope ${scope}: send it as Authorization: Bearer <token>`;
    return { reason: 'no_token', code: 'UNAUTHENTICATED', message, scope };
  }
  const message = `The token may not do this: a ${operation} needs the scope ${scope}. Use a token that has it`;
  return { reason: 'scope', code: 'FORBIDDEN', message, scope };
}

export const EXPIRED = 'The token has expired: get a new one from its issuer';
