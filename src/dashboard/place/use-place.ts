import { useMemo, useSyncExternalStore } from 'react';
import { type Place, printPlace, readPlace } from './place.ts';

function onHash(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  window.addEventListener('popstate', listener);
  return () => {
    window.removeEventListener('hashchange', listener);
    window.removeEventListener('popstate', listener);
  };
}

const hash = () => window.location.hash;

/** Where the page is now. */
export function usePlace(): Place {
  const text = useSyncExternalStore(onHash, hash);
  return useMemo(() => readPlace(text), [text]);
}

/** Goes there; the place before is one step back. */
export function goTo(place: Place): void {
  window.location.hash = printPlace(place);
}

/** Goes there in place of where the page is: for what is typed letter by letter. */
export function replaceWith(place: Place): void {
  window.history.replaceState(null, '', printPlace(place));
  // The browser tells nobody of it.
  window.dispatchEvent(new PopStateEvent('popstate'));
}
