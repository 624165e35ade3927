import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';
import { type MigratedRegistry, migratedRegistry, type StoreOfOne } from './migrated-registry.ts';
import { NOON } from './node-record.ts';

describe('rejected messages', () => {
  let registry: MigratedRegistry;
  let one: StoreOfOne;

  beforeAll(async () => {
    registry = await migratedRegistry();
    one = registry.open();
  });

  afterAll(() => registry.close());

  it('should be kept and counted once, with text that Postgres takes', async () => {
    const position = { topic: 'bad', partition: 0, offset: '7' };
    const rejected = {
      position,
      rejection: { kind: 'rejection', errorType: 'INVALID_TEXT', reason: 'U+0000 at $.a: "\u0000"', correlationId: 'c-\ud800' } as const,
      excerpt: '{"a": "\u0000"}',
      rejectedAt: NOON,
    };
    const progress = {
      processed: [{ position, outcome: 'rejected' as const }],
      completed: [{ topic: 'bad', partition: 0, nextOffset: '8' }],
    };
    await one.store.recordRejections([rejected], progress);
    await one.store.recordRejections([rejected], progress);
    expect(await one.store.rejectedEvents(50)).toEqual([
      {
        topic: 'bad',
        partition: 0,
        offset: '7',
        reason: 'U+0000 at $.a: "\ufffd"',
        errorType: 'INVALID_TEXT',
        excerpt: '{"a": "\ufffd"}',
        correlationId: 'c-\ufffd',
        rejectedAt: NOON,
      },
    ]);
    expect(await registry.sql(`select next_offset::int as next, rejected::int from consumer_positions where topic = 'bad'`)).toEqual([
      { next: 8, rejected: 1 },
    ]);
  });

  it('should be replaced by another message at the same place, as in a topic that was made anew', async () => {
    const position = { topic: 'anew', partition: 0, offset: '0' };
    const rejected = (reason: string, rejectedAt: number) => ({
      position,
      rejection: { kind: 'rejection', errorType: 'INVALID_TEXT', reason, correlationId: null } as const,
      excerpt: null,
      rejectedAt,
    });
    const progress = { processed: [{ position, outcome: 'rejected' as const }], completed: [] };
    const stored = async () => (await one.store.rejectedEvents(50)).filter(({ topic }) => topic === 'anew');
    await one.store.recordRejections([rejected('the first', NOON)], progress);
    await one.store.recordRejections([rejected('the first', NOON + 1)], progress);
    expect(await stored()).toMatchObject([{ reason: 'the first', rejectedAt: NOON }]);
    await one.store.recordRejections([rejected('the second', NOON + 2)], progress);
    expect(await stored()).toMatchObject([{ reason: 'the second', rejectedAt: NOON + 2 }]);
  });

  it('should not wait for the position of another partition', async () => {
    const held = new Gate();
    const isHeld = new Gate();
    const holder = one.database.transaction(async (connection) => {
      await connection.execute(`insert into consumer_positions (topic, partition) values ('held', 0)`);
      isHeld.open();
      await held.opened;
    });
    await isHeld.opened;
    const completed = [{ topic: 'free', partition: 0, nextOffset: '1' }];
    await expect(registry.open().store.recordRejections([], { processed: [], completed })).resolves.toBeUndefined();
    held.open();
    await holder;
  });
});
