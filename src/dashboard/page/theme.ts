import { Cell } from '../gateway/cell.ts';

export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'discovery-gateway-theme';
const NEXT: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: 'light', light: 'dark', dark: 'system' };

/** Light or dark: as the system has it, until somebody chooses. */
export class Theme {
  readonly choice: Cell<ThemeChoice>;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly #root: HTMLElement;
  readonly #system: MediaQueryList;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, root: HTMLElement, system: MediaQueryList) {
    this.#storage = storage;
    this.#root = root;
    this.#system = system;
    const kept = storage.getItem(KEY);
    this.choice = new Cell<ThemeChoice>(kept === 'light' || kept === 'dark' ? kept : 'system');
    this.#show();
    system.addEventListener('change', () => this.#show());
  }

  next(): void {
    const choice = NEXT[this.choice.get()];
    if (choice === 'system') this.#storage.removeItem(KEY);
    else this.#storage.setItem(KEY, choice);
    this.choice.set(choice);
    this.#show();
  }

  #show(): void {
    const choice = this.choice.get();
    this.#root.dataset['theme'] = choice === 'system' ? (this.#system.matches ? 'dark' : 'light') : choice;
  }
}
