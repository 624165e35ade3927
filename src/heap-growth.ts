import { setFlagsFromString } from 'node:v8';

/**
 * How much of what was thrown away V8 lets pile up in the old part of the heap before it clears it, in percent of what is in use there. By
 * itself it allows 300 where the machine has room, and messages on their way through Kafka, Consul and Postgres live just long enough to
 * end there: with 10,000 nodes 390 MB were held for the sake of 80, at 40 percent 245 (docs/operations.md, "Memory"). Registering and
 * answering became no slower, since V8 marks on a thread of its own.
 */
const HEAP_GROWTH = 40;
const FLAG = '--heap-growing-percent';

/** For the whole process, from now on. `arguments_`: what Node was started with; a growth that stands there stays. */
export function limitHeapGrowth(arguments_: readonly string[] = process.execArgv): void {
  const isChosen = arguments_.some((argument) => argument.replaceAll('_', '-').startsWith(FLAG));
  if (!isChosen) setFlagsFromString(`${FLAG}=${HEAP_GROWTH}`);
}
