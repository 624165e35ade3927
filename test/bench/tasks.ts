import { type AnyTask, untyped } from './task.ts';
import { announce } from './tasks/announce.ts';
import { announceAndSee } from './tasks/announce-and-see.ts';
import { askUntilGone } from './tasks/ask-until-gone.ts';
import { bareConsumer } from './tasks/bare-consumer.ts';
import { bareHttp } from './tasks/bare-http.ts';
import { bareSockets } from './tasks/bare-sockets.ts';
import { churn } from './tasks/churn.ts';
import { fanOut } from './tasks/fan-out.ts';
import { holdSubscribers } from './tasks/hold-subscribers.ts';
import { httpLoad } from './tasks/http-load.ts';
import { nodeLibrary } from './tasks/node-library.ts';
import { produce } from './tasks/produce.ts';
import { registerBare } from './tasks/register-bare.ts';
import { serveHealth } from './tasks/serve-health.ts';
import { timeDns } from './tasks/time-dns.ts';
import { timeRequests } from './tasks/time-requests.ts';

/** Everything that a worker can be told to do. */
export const TASKS: readonly AnyTask[] = [
  untyped(announce),
  untyped(announceAndSee),
  untyped(askUntilGone),
  untyped(bareConsumer),
  untyped(bareHttp),
  untyped(bareSockets),
  untyped(churn),
  untyped(fanOut),
  untyped(holdSubscribers),
  untyped(httpLoad),
  untyped(nodeLibrary),
  untyped(produce),
  untyped(registerBare),
  untyped(serveHealth),
  untyped(timeDns),
  untyped(timeRequests),
];
