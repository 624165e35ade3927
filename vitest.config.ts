import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

// As Node resolves it: Vite would follow graphql's `module` field and load a second copy, which refuses the types of the first.
const resolve = { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // No module keeps state, so files may share them: a third of the time went into loading the same ones again.
          isolate: false,
          // Many of these tests wait for sockets and timers, so that more of them than cores run side by side.
          maxWorkers: 4,
          // What hangs fails all the same; what computes for a second may take many on a machine that does other work.
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        resolve,
        test: {
          name: 'integration',
          include: ['integration', 'browser', 'faults', 'bench'].map((folder) => `test/${folder}/**/*.test.ts`),
          globalSetup: ['test/integration/stack.setup.ts', 'test/browser/browser.setup.ts'],
          setupFiles: ['test/integration/empty-consul.ts'],
          testTimeout: 120_000,
          // Three real back ends on two shared cores: what fails must fail twice.
          retry: 1,
          hookTimeout: 120_000,
          // They wait most of the time: for a session of Kafka to end, or for a back end to come back. Where a Consul is configured, all
          // register at that one, and some look for the ids of others: one after the other then.
          maxWorkers: process.env['CONSUL_HOST'] === undefined ? 3 : 1,
          // After the unit tests: a broken part is told within seconds.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // The entries run only as processes of their own, which the tests do; their coverage is not collected.
      exclude: [
        'src/dashboard/**',
        'src/main.ts',
        'src/cli/main.ts',
        'src/local/main.ts',
        'src/local/sample-main.ts',
        'src/graphql/print.ts',
        'src/contract/print.ts',
      ],
    },
  },
});
