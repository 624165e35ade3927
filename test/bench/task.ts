import type { z } from 'zod';

/** Work that a process other than the gateway does: load, or a yardstick. It is given and answered as JSON. */
export interface Task<Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly run: (input: Input) => Promise<Output>;
}

/** A task whose types only it knows. */
export interface AnyTask {
  readonly name: string;
  readonly run: (input: unknown) => Promise<unknown>;
}

export function untyped<Input, Output>(task: Task<Input, Output>): AnyTask {
  return { name: task.name, run: (input) => task.run(task.input.parse(input)) };
}
