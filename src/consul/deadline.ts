import { consulError } from './consul-error.ts';

/** Runs the work with the milliseconds that are left of its deadline; whatever it throws becomes the catalogue's error. */
export async function calling<T>(action: string, deadline: number, work: (left: () => number) => Promise<T>): Promise<T> {
  const end = performance.now() + deadline;
  try {
    return await work(() => Math.max(1, Math.ceil(end - performance.now())));
  } catch (error) {
    throw consulError(action, error);
  }
}

/** The npm client takes a timeout (milliseconds) in every call; its types know it in some. */
export function withTimeout<T extends object>(options: T, timeout: number): T & { readonly timeout: number } {
  return { ...options, timeout };
}
