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
});
