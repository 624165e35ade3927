import { describe, expect, it } from 'vitest';
import { type Settled, TransactionBatcher } from '../../../src/consul/transaction-batcher.ts';
import { until } from '../../until.ts';

interface Call {
  readonly batch: readonly string[];
  end(answer?: (item: string) => Settled<string>): void;
  fail(error: Error): void;
}

function batching({ maxItems = 4, maxBytes = 1000, inFlight = 2 } = {}) {
  const calls: Call[] = [];
  const batcher = new TransactionBatcher<string, string>({
    run: (batch) =>
      new Promise((resolve, reject) => {
        const end = (answer = (item: string): Settled<string> => ({ value: item.toUpperCase() })) => resolve(batch.map(answer));
        calls.push({ batch, end, fail: reject });
      }),
    keyOf: (item) => item.slice(0, 1),
    bytesOf: (item) => item.length,
    maxItems,
    maxBytes,
    inFlight,
  });
  const batches = () => calls.map(({ batch }) => batch);
  return { batcher, calls, batches };
}

describe('TransactionBatcher', () => {
  it('should send what comes together in one call, and give each its own answer', async () => {
    const { batcher, calls } = batching();
    const answers = Promise.all(['a', 'b', 'c'].map((item) => batcher.add(item)));
    const call = await until('it is sent', () => calls[0]);
    expect(call.batch).toEqual(['a', 'b', 'c']);
    call.end();
    expect(await answers).toEqual(['A', 'B', 'C']);
  });

  it('should send a full batch at once', () => {
    const { batcher, batches } = batching({ maxItems: 2 });
    void batcher.add('a');
    expect(batches()).toEqual([]);
    void batcher.add('b');
    expect(batches()).toEqual([['a', 'b']]);
  });

  it('should keep so many calls under way, and send what waits meanwhile together', async () => {
    const { batcher, calls, batches } = batching({ maxItems: 2, inFlight: 2 });
    const all = Promise.all([...'abcdefg'].map((item) => batcher.add(item)));
    expect(batches()).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    calls[1]?.end();
    await until('the next is sent', () => calls.length === 3);
    expect(batches()[2]).toEqual(['e', 'f']);
    calls[0]?.end();
    await until('the last is sent', () => calls.length === 4);
    for (const call of calls) call.end();
    expect(await all).toEqual([...'ABCDEFG']);
  });

  it('should never put two of one key into one batch, nor change their order', async () => {
    const { batcher, calls, batches } = batching({ inFlight: 1, maxItems: 9 });
    const all = Promise.all(['a1', 'b1', 'a2', 'a3', 'c1'].map((item) => batcher.add(item)));
    for (let n = 0; n < 3; n += 1) (await until('the next is sent', () => calls[n])).end();
    await all;
    expect(batches()).toEqual([['a1', 'b1', 'c1'], ['a2'], ['a3']]);
  });

  it('should keep a batch below its bytes, and send what is too large for any alone', async () => {
    const { batcher, calls, batches } = batching({ maxBytes: 10, inFlight: 9 });
    const all = Promise.all([`a${'-'.repeat(50)}`, 'b-----', 'c-----'].map((item) => batcher.add(item)));
    await until('all are sent', () => calls.length === 3);
    for (const call of calls) call.end();
    await all;
    expect(batches().map((batch) => batch.length)).toEqual([1, 1, 1]);
  });

  it('should fail only those that the call says, or all of them when it throws, and go on', async () => {
    const { batcher, calls } = batching({ inFlight: 1 });
    const ends = Promise.allSettled(['a', 'b'].map((item) => batcher.add(item)));
    (await until('it is sent', () => calls[0])).end((item) => (item === 'a' ? { error: new Error('refused') } : { value: item }));
    expect(await ends).toMatchObject([{ status: 'rejected', reason: { message: 'refused' } }, { value: 'b' }]);
    const others = Promise.allSettled(['a', 'b'].map((item) => batcher.add(item)));
    (await until('it is sent', () => calls[1])).fail(new Error('away'));
    expect(await others).toMatchObject([{ reason: { message: 'away' } }, { reason: { message: 'away' } }]);
    const last = batcher.add('a');
    (await until('it is sent', () => calls[2])).end();
    expect(await last).toBe('A');
  });

  it('should fail an item that the call has no answer for', async () => {
    const { batcher, calls } = batching();
    const end = batcher.add('a').catch((error: unknown) => String(error));
    (await until('it is sent', () => calls[0])).end(() => ({ value: '' }));
    expect(await end).toBe('');
    const short = new TransactionBatcher<string, string>({
      run: async () => [],
      keyOf: (item) => item,
      bytesOf: () => 1,
      maxItems: 1,
      maxBytes: 1,
      inFlight: 1,
    });
    await expect(short.add('a')).rejects.toThrow(/no answer for its item 0/);
  });
});
