import type { TestProject } from 'vitest/node';
import startStack from '../integration/stack.setup.ts';
import { findChromium, NO_CHROMIUM } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program; null: the tests of the page are skipped. */
    chromium: string | null;
  }
}

/** The real stack for the tests of the page, where there is a browser to look at it with. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium(process.env);
  project.provide('chromium', chromium);
  if (chromium !== null) return startStack(project);
  process.stderr.write(`The tests of the dashboard are skipped: ${NO_CHROMIUM}\n`);
  return async () => undefined;
}
