import { EventEmitter } from 'node:events';

/** Methods that run a node instead of being what it offers to others. */
const LIFECYCLE = new Set([
  'constructor',
  'start',
  'stop',
  'close',
  'dispose',
  'shutdown',
  'startup',
  'init',
  'initialize',
  'toString',
  'toJSON',
]);

/**
 * The names of an object's own public methods, sorted: those of its class and base classes, and functions in its fields. Names that
 * start with `_`, accessors (calling one may have effects), lifecycle methods and what EventEmitter and Object bring are left out.
 */
export function operationsOf(target: object): string[] {
  const names = new Set<string>();
  let level: object | null = target;
  while (level !== null && level !== Object.prototype && level !== EventEmitter.prototype) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof property.value === 'function' && !name.startsWith('_') && !LIFECYCLE.has(name)) names.add(name);
    }
    level = Reflect.getPrototypeOf(level);
  }
  return [...names].sort();
}
