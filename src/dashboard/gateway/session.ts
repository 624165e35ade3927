import { Cell } from './cell.ts';

export interface SessionState {
  /** null: none was given. */
  readonly token: string | null;
  /** What the gateway said when it asked for a token; null while it does not ask. */
  readonly refusal: string | null;
}

const KEY = 'discovery-gateway-token';

/** The token of this tab. It is gone when the tab is closed, and goes nowhere but to the gateway. */
export class Session {
  readonly state: Cell<SessionState>;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
    this.#storage = storage;
    this.state = new Cell<SessionState>({ token: storage.getItem(KEY), refusal: null });
  }

  get token(): string | null {
    return this.state.get().token;
  }

  /** The next request goes with this token. */
  logIn(token: string): void {
    this.#storage.setItem(KEY, token);
    this.state.set({ token, refusal: null });
  }

  logOut(): void {
    this.#storage.removeItem(KEY);
    this.state.set({ token: null, refusal: null });
  }

  /** The gateway takes no request of this token, or none without one. */
  refuse(refusal: string): void {
    this.state.set({ token: this.token, refusal });
  }
}
