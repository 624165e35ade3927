import { defineConfig } from 'vitest/config';

/** `npm run package:check`: what `npm pack` makes of the built program. Apart from the other tests, since it needs `npm run build` before. */
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
