#!/usr/bin/env node
import { runCli } from './program.ts';
import type { Signal } from './surroundings.ts';

const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const { env, stdin, stdout, stderr } = process;
const code = await runCli(process.argv.slice(2), {
  env,
  stdin,
  stdout,
  stderr,
  now: Date.now,
  onSignal: (listener) => {
    for (const name of SIGNALS) process.on(name, listener);
    return () => {
      for (const name of SIGNALS) process.off(name, listener);
    };
  },
});
// Everything is written; what a library still waits for must not hold the shell up.
process.exit(code);
