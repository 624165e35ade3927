/** What an asker may do. Mutations need `registry:write`, which includes reading. */
export type Scope = 'registry:read' | 'registry:write';

/** Who asks: found out once where a request or a socket enters, and handed to whatever decides by it. */
export interface Asker {
  /** What its requests are counted under: who it is where that is known, else the address it comes from. */
  readonly key: string;
  /** Whether it showed a token that counts; otherwise it may what anybody may. */
  readonly authenticated: boolean;
  /** Its name in the change log; null for an asker without one. */
  readonly name: string | null;
  readonly scopes: ReadonlySet<Scope>;
  /** Until when this holds, in milliseconds since 1970; null: for as long as the connection. */
  readonly expiresAt: number | null;
}

const READ: ReadonlySet<Scope> = new Set(['registry:read']);
const WRITE: ReadonlySet<Scope> = new Set(['registry:read', 'registry:write']);

/** The scopes of who may only read, and of who may write too. */
export const SCOPES = { nothing: new Set<Scope>(), read: READ, write: WRITE } as const;
