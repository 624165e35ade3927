import { useCallback, useEffect, useRef, useState } from 'react';
import { Fault } from '../gateway/fault.ts';
import type { Question } from '../gateway/gateway.ts';
import { useApp } from './app.ts';

export interface Asked<T> {
  /** The last answer, also while a new one is on its way or could not be had; null before the first. */
  readonly answer: T | null;
  /** Why the last try failed; null when it did not. */
  readonly fault: Fault | null;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/**
 * Asks the gateway now, whenever the variables change, and every so often while the page is to be seen.
 *
 * @param every milliseconds; null: once
 */
export function useAsked<T>(question: Question<T>, variables: Record<string, unknown>, every: number | null): Asked<T> {
  const { gateway } = useApp();
  const key = JSON.stringify(variables);
  const [held, setHeld] = useState<{ readonly key: string; readonly answer: T | null; readonly fault: Fault | null } | null>(null);
  const [isLoading, setLoading] = useState(true);
  const latest = useRef(0);

  const again = useCallback(() => {
    const number = ++latest.current;
    setLoading(true);
    void gateway
      .ask(question, JSON.parse(key))
      .then(
        (answer) => ({ answer, fault: null }),
        (error: unknown) => ({ answer: null, fault: error instanceof Fault ? error : new Fault('INTERNAL', String(error)) }),
      )
      .then(({ answer, fault }) => {
        if (number !== latest.current) return;
        setLoading(false);
        setHeld((before) => ({ key, answer: answer ?? (before?.key === key ? before.answer : null), fault }));
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

  const isOfThis = held?.key === key;
  return { answer: isOfThis ? held.answer : null, fault: isOfThis ? held.fault : null, isLoading, again };
}
