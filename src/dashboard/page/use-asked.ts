import { useCallback, useEffect, useRef, useState } from 'react';
import { Fault } from '../gateway/fault.ts';
import type { PartialAnswer, Question } from '../gateway/gateway.ts';
import { useApp } from './app.ts';

export interface Asked<T> {
  /** The last answer, also while a new one is on its way or could not be had; null before the first. */
  readonly answer: T | null;
  /** Why fields of it are null, by their paths. */
  readonly faults: ReadonlyMap<string, Fault>;
  /** Why the last try failed; null when it did not. */
  readonly fault: Fault | null;
  readonly again: () => void;
}

interface Held<T> {
  /** Of the variables that were asked with. */
  readonly key: string;
  readonly last: PartialAnswer<T> | null;
  readonly fault: Fault | null;
}

const NO_FAULTS: ReadonlyMap<string, Fault> = new Map();

/**
 * Asks the gateway now, whenever the variables change, and every so often while the page is to be seen.
 *
 * @param every milliseconds; null: once
 */
export function useAsked<T>(question: Question<T>, variables: Record<string, unknown>, every: number | null): Asked<T> {
  const { gateway } = useApp();
  const key = JSON.stringify(variables);
  const [held, setHeld] = useState<Held<T> | null>(null);
  const latest = useRef(0);

  const again = useCallback(() => {
    const number = ++latest.current;
    void gateway
      .askInParts(question, JSON.parse(key))
      .then(
        (last) => ({ last, fault: null }),
        (error: unknown) => ({ last: null, fault: error instanceof Fault ? error : new Fault('INTERNAL', String(error)) }),
      )
      .then(({ last, fault }) => {
        if (number === latest.current) setHeld((before) => ({ key, last: last ?? (before?.key === key ? before.last : null), fault }));
      });
  }, [gateway, question, key]);

  useEffect(() => {
    again();
    const timer = every === null ? undefined : setInterval(() => !document.hidden && again(), every);
    return () => {
      clearInterval(timer);
      latest.current += 1;
    };
  }, [again, every]);

  if (held?.key !== key) return { answer: null, faults: NO_FAULTS, fault: null, again };
  return { answer: held.last?.answer ?? null, faults: held.last?.faults ?? NO_FAULTS, fault: held.fault, again };
}
