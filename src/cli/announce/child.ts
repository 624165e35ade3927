import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf } from '../../errors.ts';
import { CliError } from '../cli-error.ts';
import { codeOf } from '../doctor/reach.ts';
import type { Signal } from '../surroundings.ts';

/** As shells say it. */
const NOT_FOUND = 127;
const NOT_STARTED = 126;
const BY_SIGNAL = 128;

/** The service itself, as a process of this one. */
export class Child {
  /** The exit code; 128 and the number of the signal where one ended it. */
  readonly ended: Promise<number>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) => resolve(code ?? BY_SIGNAL + (signal === null ? 0 : constants.signals[signal])));
    });
  }

  /** With the input and output of this process. Throws CliError. */
  static start([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<Child> {
    const process = spawn(command, args, { env, stdio: 'inherit' });
    const child = new Child(process);
    return new Promise((resolve, reject) => {
      process.once('spawn', () => resolve(child));
      process.once('error', (error) => {
        reject(new CliError(codeOf(error) === 'ENOENT' ? NOT_FOUND : NOT_STARTED, `"${command}" cannot be started: ${messageOf(error)}`));
      });
    });
  }

  pass(signal: Signal): void {
    this.#process.kill(signal);
  }
}
