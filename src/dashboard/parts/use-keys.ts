import { useEffect, useRef } from 'react';

/** By `KeyboardEvent.key`. */
export type Keys = Readonly<Record<string, () => void>>;

/** Calls what belongs to a key; not while somebody types, nor with a modifier, nor behind a dialog. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const action = latest.current[event.key];
      if (action === undefined || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event) || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Esc leads out of a field as well; Enter belongs to what has the focus. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isField = target.matches('input:not([type=checkbox]), textarea, select');
  const isControl = target.matches('button, a, summary, input');
  return isField ? key !== 'Escape' : isControl && (key === 'Enter' || key === ' ');
}
