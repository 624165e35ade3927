import { beforeEach, describe, expect, it } from 'vitest';
import type { ChangeFilter } from '../../../src/registry/change.ts';
import { toCursor } from '../../../src/registry/cursor.ts';
import { readLog } from '../../../src/registry/log-reader.ts';
import { MemoryChangeLog } from './fakes/memory-change-log.ts';
import { change, record } from './fakes/node-record.ts';

const ENTRIES = 5000;

let log: MemoryChangeLog;
beforeEach(() => {
  log = new MemoryChangeLog();
  log.append(Array.from({ length: ENTRIES }, (_, i) => change(record(`n-${i % 10}`, { type: i === 4321 ? 'reducer' : 'effect' }))));
});

const read = async (filter: ChangeFilter | null, first = 100, after: number | null = null, isWanted = () => true) =>
  (await readLog(log, { after: after === null ? null : toCursor(after), first, filter }, isWanted)).map(({ cursor }) => cursor);

describe('the log', () => {
  it('should be read from its start, or after a cursor, as far as is asked for', async () => {
    expect(await read(null, 3)).toEqual([1, 2, 3]);
    expect(await read(null, 3, 10)).toEqual([11, 12, 13]);
    expect(await read(null, 10, ENTRIES - 2)).toEqual([ENTRIES - 1, ENTRIES]);
    expect(await read(null, 10, ENTRIES)).toEqual([]);
  });

  it('should be read on until the filter has found enough', async () => {
    expect(await read({ nodeTypes: ['reducer'] })).toEqual([4322]);
    expect(await read({ nodeTypes: ['reducer'] }, 1)).toEqual([4322]);
  });

  it('should be read for some nodes from their entries alone', async () => {
    expect(await read({ nodeIds: ['n-3'] }, 2, 4000)).toEqual([4004, 4014]);
    expect(await read({ nodeIds: ['n-3'], changeTypes: ['REMOVED'] })).toEqual([]);
    expect(await read({ nodeIds: [] })).toEqual([]);
    expect(log.calls.readAfter).toBe(3);
  });

  it('should be left where nobody waits for the answer any more', async () => {
    let asked = 0;
    expect(await read({ nodeTypes: ['nobody'] }, 1, null, () => ++asked <= 2)).toEqual([]);
    expect(log.calls.readAfter).toBe(2);
  });

  it('should be read no further than to its end', async () => {
    expect(await read({ nodeTypes: ['nobody'] })).toEqual([]);
    expect(log.calls.readAfter).toBe(ENTRIES / 1000 + 1);
  });

  it('should refuse a cursor that it does not reach to', async () => {
    log.trim(10);
    await expect(read(null, 1, 9)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    await expect(read(null, 1, ENTRIES + 1)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    log.faults.always('readAfter', 'fail');
    await expect(read(null)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
  });
});
