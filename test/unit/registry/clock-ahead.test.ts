import { describe, expect, it } from 'vitest';
import { announcement, goodbye, nodeId } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

const HOUR = 3_600_000;
const v2 = { content: { version: '2.0.0' } };

describe('a node whose clock is an hour ahead', () => {
  it('should not go back to what it said before, however late that is delivered again', async () => {
    const core = new RegistryCore();
    const first = announcement('n', { at: HOUR });
    await core.run(first, announcement('n', { at: HOUR + 1000, ...v2 }));
    core.clock.advance(60_000);
    expect(await core.run(first)).toMatchObject({ done: [{ outcome: 'superseded' }] });
    expect(core.store.node(nodeId('n'))).toMatchObject({ version: '2.0.0' });
  });

  it('should supersede another message of the very same time', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { at: HOUR }));
    expect(await core.run(announcement('n', { at: HOUR, ...v2 }))).toMatchObject({ done: [{ outcome: 'superseded' }] });
  });

  it('should still leave by a goodbye of the very same time', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { at: HOUR }));
    expect(await core.run(goodbye('n', { at: HOUR }))).toMatchObject({ done: [{ outcome: 'applied' }] });
    expect(await core.run(announcement('n', { at: HOUR }))).toMatchObject({ done: [{ outcome: 'superseded' }] });
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REMOVED' });
  });

  it('should not go back to what it said then after its clock was put right', async () => {
    const core = new RegistryCore();
    const early = announcement('n', { at: HOUR });
    const late = announcement('n', { at: HOUR + 1000 });
    await core.run(early, late);
    core.clock.advance(60_000);
    await core.run(announcement('n', { at: 60_000, ...v2 }));
    for (const replayed of [early, late, goodbye('n', { at: HOUR + 1000 })]) {
      core.clock.advance(1000);
      expect(await core.run(replayed)).toMatchObject({ done: [{ outcome: 'superseded' }] });
    }
    expect(core.store.node(nodeId('n'))).toMatchObject({ version: '2.0.0', state: 'REGISTERED' });
    // Neither is it locked out.
    expect(await core.run(announcement('n', { at: 64_000, content: { version: '3.0.0' } }))).toMatchObject({
      done: [{ outcome: 'applied' }],
    });
  });

  it('should not be brought back by what it said then, after its clock was put right and it left', async () => {
    const core = new RegistryCore();
    const startup = announcement('n', { at: HOUR });
    await core.run(startup);
    core.clock.advance(60_000);
    await core.run(goodbye('n', { at: 60_000 }));
    core.clock.advance(60_000);
    expect(await core.run(startup)).toMatchObject({ done: [{ outcome: 'superseded' }] });
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REMOVED' });
  });

  it('should go on in a later life whose clock is less far ahead', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { at: 2 * HOUR, epoch: 1 }));
    expect(
      await core.run(announcement('n', { at: HOUR, epoch: 2 }), announcement('n', { at: HOUR + 1000, epoch: 2, ...v2 })),
    ).toMatchObject({
      done: [{ outcome: 'unchanged' }, { outcome: 'applied' }],
    });
  });

  it('should go on where the answer to a question says that its clock was put back, although it is still ahead', async () => {
    const core = new RegistryCore();
    await core.run(announcement('n', { at: 2 * HOUR }));
    core.clock.advance(60_000);
    expect(await core.run(announcement('n', { at: HOUR, ...v2 }))).toMatchObject({ done: [{ outcome: 'superseded' }] });
    const issuedAt = core.clock.now();
    core.store.requests.set('c', { correlationId: 'c', nodeId: null, operator: null, byOperator: false, issuedAt });
    core.clock.advance(1000);
    await core.run(announcement('n', { at: HOUR + 1000, correlationId: 'c' }));
    expect(await core.run(announcement('n', { at: HOUR + 2000, ...v2 }))).toMatchObject({ done: [{ outcome: 'applied' }] });
  });

  it('should be fenced by what a gateway stored that kept only the time of the last message', async () => {
    const core = new RegistryCore();
    const first = announcement('n', { at: HOUR });
    await core.run(first);
    const stored = core.store.node(nodeId('n'));
    if (stored !== undefined) core.store.seed({ ...stored, accepted: { ...stored.accepted, aheadTime: 0 } });
    core.clock.advance(60_000);
    await core.run(announcement('n', { at: 60_000, ...v2 }));
    core.clock.advance(1000);
    expect(await core.run(first)).toMatchObject({ done: [{ outcome: 'superseded' }] });
  });
});
