import { delay } from '../delay.ts';
import { messageOf } from '../errors.ts';

/** Resolves when the URL answers 200. Throws after `patience` milliseconds with the last answer, or with the signal's reason when aborted. */
export async function untilReady(url: string, patience: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + patience;
  for (let answer = ''; ; ) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) });
      const text = await response.text();
      if (response.status === 200) return;
      answer = `${response.status} ${text}`;
    } catch (error) {
      answer = messageOf(error);
    }
    signal.throwIfAborted();
    if (Date.now() > deadline) throw new Error(`${url} was not ready within ${patience / 1000} s; its last answer: ${answer}`);
    await delay(200, signal);
  }
}
