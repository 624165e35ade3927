import { Killed } from './killed.ts';

/** How long a gateway lives, counted in calls of back ends: each is two steps, before and after what it does. */
export class Life {
  #steps: number;
  #isOver = false;

  constructor(steps = Number.POSITIVE_INFINITY) {
    this.#steps = steps;
  }

  isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
  }

  /** From now on nothing ends it but `end`. */
  spare(): void {
    this.#steps = Number.POSITIVE_INFINITY;
  }

  /** Throws Killed from its last step on. */
  step(): void {
    this.#steps -= 1;
    if (this.#steps < 0) this.#isOver = true;
    if (this.#isOver) throw new Killed('injected: this gateway was killed');
  }
}

/** The same object, whose named methods end with the life of who calls them: before the call, or after it took effect. */
export function mortal<T extends object>(target: T, life: Life, methods: readonly (keyof T & string)[]): T {
  const names = new Set<string | symbol>(methods);
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      if (!names.has(name)) return (...args: unknown[]) => Reflect.apply(value, object, args);
      return async (...args: unknown[]) => {
        life.step();
        const result: unknown = await Reflect.apply(value, object, args);
        life.step();
        return result;
      };
    },
  });
}
