import { isExecutable } from '../../src/local/tool.ts';

/** Where Debian, Ubuntu, Fedora and Google's own package put it. */
const USUAL = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome-stable', '/usr/bin/google-chrome'] as const;

/** Why the tests of the page are skipped, and what to do. */
export const NO_CHROMIUM = 'there is no Chromium: install it (apt-get install chromium), or set CHROMIUM_PATH to where it is';

/** The program of CHROMIUM_PATH, else the first of the usual ones; null: there is none. Throws when CHROMIUM_PATH names none. */
export function findChromium({ CHROMIUM_PATH: configured }: NodeJS.ProcessEnv): string | null {
  if (configured) {
    if (isExecutable(configured)) return configured;
    throw new Error(`CHROMIUM_PATH is ${configured}, which cannot be executed`);
  }
  return USUAL.find(isExecutable) ?? null;
}
