import { PassThrough, Writable } from 'node:stream';
import { runCli } from '../../../src/cli/program.ts';
import type { Signal } from '../../../src/cli/surroundings.ts';
import { T0 } from '../graphql/memory-registry.ts';

export interface TerminalOptions {
  readonly env?: Record<string, string>;
  /** Characters of a line; undefined: it is no terminal. */
  readonly columns?: number;
  /** What is typed; undefined: nobody is there. */
  readonly typed?: string;
  /** Default: a moment after T0. */
  readonly now?: () => number;
  /** Of what writes come to after so many lines. */
  readonly closesAfter?: number;
}

/** A place to run the program in, with what it wrote there. */
export function terminal({
  env = {},
  columns,
  typed,
  now = () => T0 + 90_000,
  closesAfter = Number.POSITIVE_INFINITY,
}: TerminalOptions = {}) {
  const written = { out: '', err: '' };
  let listener: ((signal: Signal) => void) | null = null;
  const stream = (name: 'out' | 'err') => {
    let lines = 0;
    const writable = new Writable({
      write: (chunk, _encoding, done) => {
        lines += 1;
        if (name === 'out' && lines > closesAfter) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
        written[name] += String(chunk);
        return done();
      },
    });
    return columns === undefined ? writable : Object.assign(writable, { isTTY: true, columns });
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (typed !== undefined) stdin.write(typed);
  const surroundings = {
    env,
    stdin,
    stdout: stream('out'),
    stderr: stream('err'),
    now,
    onSignal: (next: (signal: Signal) => void) => {
      listener = next;
      return () => {
        listener = null;
      };
    },
  };
  return {
    written,
    surroundings,
    run: (...args: string[]) => runCli(args, surroundings),
    signal: (name: Signal) => listener?.(name),
    /** Whether a signal would be heard. */
    hears: () => listener !== null,
  };
}
