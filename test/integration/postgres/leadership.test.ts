import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeposedError } from '../../../src/errors.ts';
import type { NodeId } from '../../../src/events/node-id.ts';
import { PostgresLeadership } from '../../../src/postgres/leadership.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { until } from '../../until.ts';
import { Gate } from './gate.ts';
import { addition, type MigratedRegistry, migratedRegistry } from './migrated-registry.ts';
import { NOON, nodeRecord } from './node-record.ts';

/** The session that holds the leader's lock. */
const HOLDER = `select pid from pg_locks where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = 7302651002
  and database = (select oid from pg_database where datname = current_database())`;

describe('leadership', () => {
  let registry: MigratedRegistry;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    registry = await migratedRegistry();
  });

  afterAll(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await registry.close();
  });

  /** One gateway's try to lead. `time` is that of a clock of its own, in milliseconds. */
  function stand(time: () => number = () => performance.now()) {
    const leadership = new PostgresLeadership(registry.config, time, pino({ level: 'silent' }));
    const ending = new AbortController();
    const running = leadership.run(ending.signal);
    const stop = async () => {
      ending.abort();
      await running;
    };
    stops.push(stop);
    const term = () => leadership.term();
    return { term, leads: () => term() !== null, stop };
  }

  /** The leader of the moment, with its term. */
  const elected = async (...candidates: readonly ReturnType<typeof stand>[]) => {
    await until('one leads', () => candidates.some(({ leads }) => leads()));
    const leader = candidates.find(({ leads }) => leads());
    return { term: leader?.term() ?? Number.NaN, leader };
  };

  const depose = async () => {
    const [row] = await registry.sql(HOLDER);
    await registry.sql('select pg_terminate_backend($1)', [row?.['pid']]);
    return row?.['pid'];
  };

  const end = (...candidates: readonly ReturnType<typeof stand>[]) => Promise.all(candidates.map(({ stop }) => stop()));

  const stored = (id: NodeId) => registry.sql('select node_id from node_registrations where node_id = $1', [id]);

  it('should go to one of several, and on to another when the leader stops', async () => {
    const three = [stand(), stand(), stand()];
    const leaders = () => three.filter(({ leads }) => leads());
    await until('one leads', () => leaders().length === 1);
    const [first] = leaders();
    await first?.stop();
    expect(first?.term()).toBeNull();
    await until('another leads', () => leaders().length === 1);
    expect(leaders()[0]).not.toBe(first);
    await end(...three);
    expect(leaders()).toEqual([]);
    expect(await registry.sql(HOLDER)).toEqual([]);
  });

  it('should be given up at once when the connection that holds it is killed, and be taken by whoever stands, in a later term', async () => {
    const leader = stand();
    const { term } = await elected(leader);
    const follower = stand();
    const pid = await depose();
    await until('it knows that it lost', () => !leader.leads(), { timeout: 500, interval: 1 });
    const next = await elected(leader, follower);
    expect(next.term).toBeGreaterThan(term);
    expect([leader, follower].filter(({ leads }) => leads())).toHaveLength(1);
    expect((await registry.sql(HOLDER))[0]?.['pid']).not.toBe(pid);
    await end(leader, follower);
  });

  it('should not be believed any more by a gateway that hung, before it hears anything', async () => {
    let hung = 0;
    const leader = stand(() => performance.now() + hung);
    await elected(leader);
    hung = 30_000;
    expect(leader.term()).toBeNull();
    await until('its session answered again', leader.leads);
    await leader.stop();
  });

  it('should refuse what a deposed leader still writes, before it asks Consul for anything', async () => {
    const { store } = registry.open();
    const [one, other] = [stand(), stand()];
    const { term } = await elected(one, other);
    await depose();
    await until('another term has begun', () => [one, other].some((each) => (each.term() ?? 0) > term));
    const id = nodeId('late-1');
    let hasBegun = false;
    const write = (asOf: number) =>
      store.transact(
        [id],
        [],
        async () => {
          hasBegun = true;
          return addition(nodeRecord(id));
        },
        asOf,
      );
    await expect(write(term)).rejects.toThrow(DeposedError);
    await expect(store.cleanUp(NOON, term)).rejects.toThrow(DeposedError);
    expect([hasBegun, await stored(id)]).toEqual([false, []]);
    await write((await elected(one, other)).term);
    expect(await stored(id)).toHaveLength(1);
    await end(one, other);
  });

  it('should not pass on while a write of the leader is under way', async () => {
    const { store } = registry.open();
    const [one, other] = [stand(), stand()];
    const { term } = await elected(one, other);
    const id = nodeId('under-way-1');
    const [begun, finish] = [new Gate(), new Gate()];
    const writing = store.transact(
      [id],
      [],
      async () => {
        begun.open();
        await finish.opened;
        return addition(nodeRecord(id));
      },
      term,
    );
    await begun.opened;
    await depose();
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      and query like 'update leadership%'`;
    await until('the next election waits', async () => (await registry.sql(waiting)).length === 1);
    expect([one.term(), other.term()]).toEqual([null, null]);
    finish.open();
    await writing;
    expect(await stored(id)).toHaveLength(1);
    expect((await elected(one, other)).term).toBeGreaterThan(term);
    await end(one, other);
  });
});
