import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Task } from './task.ts';

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url));

const answer = z.object({ id: z.number(), output: z.unknown().optional(), error: z.string().optional() });

/** A process of its own that does tasks. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (given: z.infer<typeof answer>) => void>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const given = answer.parse(message);
      this.#waiting.get(given.id)?.(given);
      this.#waiting.delete(given.id);
    });
    child.on('exit', (code, signal) => {
      const error = `the process of the task ended with ${signal ?? `code ${code}`}`;
      for (const [id, done] of this.#waiting) done({ id, output: null, error });
      this.#waiting.clear();
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process of the tasks did not start');
    return pid;
  }

  static async start(): Promise<WorkerProcess> {
    const child = fork(PROGRAM, [], {
      execArgv: ['--import', 'tsx'],
      // kafkajs tells of another partitioner than in its first version.
      env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
    });
    const worker = new WorkerProcess(child);
    await worker.#answer(0);
    return worker;
  }

  /** Throws what the task threw, and when the process ends meanwhile. */
  async run<Input, Output>(task: Task<Input, Output>, input: NoInfer<Input>): Promise<Output> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = this.#answer(id);
    this.#child.send({ id, task: task.name, input });
    return task.output.parse(await answered);
  }

  /** SIGKILL: it says goodbye to nobody. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) reject(new Error('the process of the task is gone'));
      this.#waiting.set(id, ({ output, error }) => (error === undefined ? resolve(output) : reject(new Error(error))));
    });
  }
}
