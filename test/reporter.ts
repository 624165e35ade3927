import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Writes how many tests passed and how much failed to TEST_COUNTS_FILE, for run.mjs. */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env['TEST_COUNTS_FILE'];
    if (file === undefined) throw new Error('TEST_COUNTS_FILE is not set: this reporter is for test/run.mjs');
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        // One that never came to an end (a crashed worker, a bail-out) is no pass.
        else if (state !== 'skipped') failed++;
      }
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
    }
    writeFileSync(file, JSON.stringify({ passed, failed }));
  }
}
