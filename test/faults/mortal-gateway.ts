/*
 * The gateway as in production (it ends in `src/main.ts`), with fail points around the methods of its own parts: the product knows nothing
 * of them. Orders come from the rig over IPC.
 */
import pg from 'pg';
import { PlacedCatalog } from '../../src/consul/placed-catalog.ts';
import { OffsetCommits } from '../../src/kafka/offset-commits.ts';
import { KafkaMessenger } from '../../src/kafka/producer.ts';
import { PostgresRegistrationStore } from '../../src/postgres/registration-store.ts';
import { Alignment } from '../../src/registry/alignment.ts';
import { Ingest } from '../../src/registry/ingest.ts';
import { type FailPoint, type Mishap, order } from './fail-point.ts';

const armed = new Map<FailPoint, { readonly mishap: Mishap; pass: number | 'every' }>();
let clockOffset = 0;

process.on('message', (message) => {
  const told = order.parse(message);
  if (told.kind === 'clock') clockOffset = told.offset;
  else if (told.kind === 'arm') armed.set(told.point, { mishap: told.mishap, pass: told.pass });
  else armed.clear();
});

const rightNow = Date.now;
Date.now = () => rightNow() + clockOffset;

/** A step is reached. `sever` breaks what this step talks over. */
function reached(point: FailPoint, sever?: () => void): void {
  const arm = armed.get(point);
  if (arm === undefined) return;
  if (arm.pass !== 'every') {
    arm.pass -= 1;
    if (arm.pass > 0) return;
    armed.delete(point);
  }
  switch (arm.mishap) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'freeze':
      process.kill(process.pid, 'SIGSTOP');
      break;
    case 'sever':
      sever?.();
      process.send?.(point);
  }
}

/** The method with fail points around it: before it, once its work has been handed over, and when it has succeeded. */
function passing<Self, Args extends unknown[], Result>(
  method: (this: Self, ...args: Args) => Promise<Result>,
  points: { readonly before?: FailPoint; readonly sent?: FailPoint; readonly after?: FailPoint },
) {
  const { before, sent, after } = points;
  return async function (this: Self, ...args: Args): Promise<Result> {
    if (before !== undefined) reached(before);
    const result = method.apply(this, args);
    // The request leaves in one of the next turns of the event loop.
    if (sent !== undefined) setTimeout(() => reached(sent), 1);
    const value = await result;
    if (after !== undefined) reached(after);
    return value;
  };
}

const ingest = Ingest.prototype;
ingest.process = passing(ingest.process, { before: 'batch received', after: 'batch done' });
const catalog = PlacedCatalog.prototype;
catalog.register = passing(catalog.register, { sent: 'Consul register sent', after: 'registered in Consul' });
catalog.deregister = passing(catalog.deregister, { sent: 'Consul deregister sent', after: 'deregistered in Consul' });
const offsets = OffsetCommits.prototype;
offsets.flush = passing(offsets.flush, { before: 'before the offset commit', after: 'offsets committed' });
const messenger = KafkaMessenger.prototype;
messenger.publishChanges = passing(messenger.publishChanges, { before: 'before the changes topic', after: 'changes published' });
messenger.accept = passing(messenger.accept, { after: 'accepted said' });
messenger.deadLetter = passing(messenger.deadLetter, { before: 'before the dead letter', after: 'dead letter sent' });
const alignment = Alignment.prototype;
alignment.restore = passing(alignment.restore, { before: 'before compensation', after: 'compensated' });
const store = PostgresRegistrationStore.prototype;
store.recordLiveness = passing(store.recordLiveness, { after: 'heartbeats stored' });

const { transact } = store;
store.transact = async function (nodeIds, correlationIds, work, ...rest) {
  const changes = await transact.call(
    this,
    nodeIds,
    correlationIds,
    async (locked) => {
      reached('nodes locked');
      const writes = await work(locked);
      reached('Consul done, nothing written');
      return writes;
    },
    ...rest,
  );
  reached('COMMIT answered');
  return changes;
};

const { query } = pg.Connection.prototype;
pg.Connection.prototype.query = function (text) {
  const sever = () => this.stream.destroy();
  if (text === 'commit') reached('before COMMIT', sever);
  query.call(this, text);
  // The bytes are in the socket's hands: whether the server commits is open.
  if (text === 'commit') setImmediate(() => reached('COMMIT sent', sever));
};

await import('../../src/main.ts');
