import { type AnyTask, untyped } from './task.ts';
import { announceAndSee } from './tasks/announce-and-see.ts';
import { bareHttp } from './tasks/bare-http.ts';
import { bareSockets } from './tasks/bare-sockets.ts';
import { fanOut } from './tasks/fan-out.ts';
import { httpLoad } from './tasks/http-load.ts';

/** Everything that a worker can be told to do. */
export const TASKS: readonly AnyTask[] = [
  untyped(announceAndSee),
  untyped(bareHttp),
  untyped(bareSockets),
  untyped(fanOut),
  untyped(httpLoad),
];
