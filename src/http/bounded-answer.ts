/** An answer in parts, as executions give it: a subscription, or fragments that come later. */
interface Parts {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

/**
 * What an execution comes to, if it comes in time: `late` stands in for it when so many milliseconds have passed. An answer in parts ends
 * with it then. What is there already costs no timer.
 */
export function within(milliseconds: number, answer: unknown, late: () => unknown): unknown {
  if (!isThenable(answer)) return isParts(answer) ? partsWithin(milliseconds, answer, late) : answer;
  const endsAt = performance.now() + milliseconds;
  return inTime(milliseconds, answer, late).then((result) =>
    isParts(result) ? partsWithin(endsAt - performance.now(), result, late) : result,
  );
}

/** Calls `end` once what `begin` comes to is over: at once where it has no parts, or where it fails. */
export async function endingWith(end: () => void, begin: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = await begin();
  } catch (error) {
    end();
    throw error;
  }
  if (isParts(result)) return endedParts(result, end);
  end();
  return result;
}

function inTime<T>(milliseconds: number, answer: PromiseLike<T>, late: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), milliseconds);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

function partsWithin(milliseconds: number, source: Parts, late: () => unknown): AsyncIterableIterator<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  const endsAt = performance.now() + milliseconds;
  let isOver = false;
  const giveUp = (): IteratorResult<unknown> => {
    isOver = true;
    // Not waited for: it may hang on the very thing that is late.
    void iterator.return?.().catch(() => undefined);
    return { done: false, value: late() };
  };
  return iterable({
    next: async () => {
      if (isOver) return { done: true, value: undefined };
      const left = endsAt - performance.now();
      if (left <= 0) return giveUp();
      return inTime(left, iterator.next(), giveUp);
    },
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  });
}

function endedParts(source: Parts, end: () => void): AsyncIterableIterator<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  return iterable({
    next: async () => {
      try {
        const result = await iterator.next();
        if (result.done === true) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      end();
      return (await iterator.return?.()) ?? { done: true, value: undefined };
    },
  });
}

function iterable(iterator: AsyncIterator<unknown>): AsyncIterableIterator<unknown> {
  return { ...iterator, [Symbol.asyncIterator]: () => iterable(iterator) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isParts(value: unknown): value is Parts {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
