import { z } from 'zod';
import { messageOf } from '../../src/errors.ts';
import { TASKS } from './tasks.ts';

/*
 * A process for load, for a yardstick, or for nodes: it does the tasks that it is given over IPC, several at once where it is given
 * several, and ends with its parent. What a task opened without closing it (a server) lives as long.
 */
const order = z.object({ id: z.number(), task: z.string(), input: z.unknown() });

process.on('disconnect', () => process.exit(0));
process.on('message', (message) => {
  const { id, task: name, input } = order.parse(message);
  const task = TASKS.find((one) => one.name === name);
  const work = task === undefined ? Promise.reject(new Error(`there is no task ${name}`)) : task.run(input);
  work.then(
    (output) => process.send?.({ id, output }),
    (error: unknown) => process.send?.({ id, error: `${name}: ${error instanceof Error ? error.stack : messageOf(error)}` }),
  );
});
process.send?.({ id: 0, output: 'up' });
