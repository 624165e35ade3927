import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresLeadership } from '../../../src/postgres/leadership.ts';
import { until } from '../../until.ts';
import { type MigratedRegistry, migratedRegistry } from './migrated-registry.ts';

/** The session that holds the leader's lock. */
const HOLDER = `select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
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

  function stand(): { readonly isLeader: () => boolean; readonly stop: () => Promise<void> } {
    const leadership = new PostgresLeadership(registry.config, pino({ level: 'silent' }));
    const ending = new AbortController();
    const running = leadership.run(ending.signal);
    const stop = async () => {
      ending.abort();
      await running;
    };
    stops.push(stop);
    return { isLeader: () => leadership.isLeader(), stop };
  }

  it('should go to one of several, and on to another when the leader stops', async () => {
    const three = [stand(), stand(), stand()];
    const leaders = () => three.filter(({ isLeader }) => isLeader());
    await until('one leads', () => leaders().length === 1);
    const [first] = leaders();
    await first?.stop();
    expect(first?.isLeader()).toBe(false);
    await until('another leads', () => leaders().length === 1);
    expect(leaders()[0]).not.toBe(first);
    await Promise.all(three.map(({ stop }) => stop()));
    expect(leaders()).toEqual([]);
    expect(await registry.sql(HOLDER)).toEqual([]);
  });

  it('should be given up at once when the connection that holds it is killed, and be taken by whoever stands', async () => {
    const leader = stand();
    await until('it leads', leader.isLeader);
    const follower = stand();
    const [row] = await registry.sql(HOLDER);
    await registry.sql('select pg_terminate_backend($1)', [row?.['pid']]);
    await until('it knows that it lost', () => !leader.isLeader(), { timeout: 500, interval: 1 });
    await until('one of the two leads again', () => leader.isLeader() || follower.isLeader());
    expect([leader, follower].filter(({ isLeader }) => isLeader())).toHaveLength(1);
    expect((await registry.sql(HOLDER))[0]?.['pid']).not.toBe(row?.['pid']);
  });
});
