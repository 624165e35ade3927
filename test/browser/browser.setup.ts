import type { TestProject } from 'vitest/node';
import { findChromium, NO_CHROMIUM } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program; null: the tests of the page are skipped. */
    chromium: string | null;
  }
}

/** Whether there is a browser to look at the page with. */
export default function setup(project: TestProject): void {
  const chromium = findChromium(process.env);
  project.provide('chromium', chromium);
  if (chromium === null) process.stderr.write(`The tests of the dashboard are skipped: ${NO_CHROMIUM}\n`);
}
