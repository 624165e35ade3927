import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SecondLook } from '../../../src/registry/second-look.ts';
import { announcement, goodbye, NO_ENDPOINT, nodeId } from './fakes/messages.ts';
import { RegistryCore } from './fakes/registry-core.ts';

const CRITICAL = { status: 'critical', output: 'connection refused' } as const;
const PASSING = { status: 'passing', output: '200' } as const;

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** A gateway at which this node has just registered while its endpoint did not answer. */
async function registered(event = announcement('n')) {
  const core = new RegistryCore();
  const onCommitted = vi.fn();
  const { store, catalog, probe, hearing, log } = core;
  const second = new SecondLook({ store, catalog, probe, hearing, log, onCommitted });
  probe.otherwise = CRITICAL;
  second.consider((await core.run(event)).changes);
  probe.probed.length = 0;
  const running = second.run(stop.signal);
  const pass = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 250) {
      core.clock.advance(250);
      await vi.advanceTimersByTimeAsync(250);
    }
  };
  return { core, second, running, pass, onCommitted };
}

describe('SecondLook', () => {
  it('should start the check anew as passing once the endpoint answers', async () => {
    const { core, pass, onCommitted } = await registered();
    await pass(1000);
    expect(core.catalog.restarted).toEqual([]);
    core.probe.otherwise = PASSING;
    await pass(1000);
    expect(core.catalog.checks().get('effect-n')?.status).toBe('passing');
    expect(core.catalog.restarted).toEqual(['effect-n']);
    expect(core.store.node(nodeId('n'))).toMatchObject({ health: 'HEALTHY', checkStatus: 'passing', checkOutput: '200' });
    expect(core.store.log.entries.at(-1)).toMatchObject({ type: 'HEALTH_CHANGED', reason: 'check_passing' });
    expect(onCommitted).toHaveBeenCalledTimes(1);
    await pass(60_000);
    expect(core.store.log.entries, 'once').toHaveLength(2);
  });

  it('should look six times within half a minute, then leave the node to Consul', async () => {
    const { core, pass } = await registered();
    await pass(32_000);
    expect(core.probe.probed).toHaveLength(6);
    await pass(120_000);
    expect(core.probe.probed).toHaveLength(6);
    expect(core.store.transactions, 'no lock for a look').toHaveLength(1);
  });

  it.each([
    ['passes', announcement('n'), PASSING],
    ['has no check', announcement('n', { content: NO_ENDPOINT }), CRITICAL],
  ])('should not look at a node that %s', async (_, event, answer) => {
    const core = new RegistryCore();
    const { store, catalog, probe, hearing, log } = core;
    const second = new SecondLook({ store, catalog, probe, hearing, log, onCommitted: () => undefined });
    probe.otherwise = answer;
    second.consider((await core.run(event)).changes);
    probe.probed.length = 0;
    void second.run(stop.signal);
    core.clock.advance(60_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(probe.probed).toEqual([]);
  });

  it('should forget a node that left meanwhile', async () => {
    const { core, second, pass } = await registered();
    second.consider((await core.run(goodbye('n', { at: 1 }))).changes);
    core.probe.otherwise = PASSING;
    await pass(60_000);
    expect(core.probe.probed).toEqual([]);
  });

  it('should bring back nothing that another gateway removed meanwhile', async () => {
    const { core, pass } = await registered();
    await core.run(goodbye('n', { at: 1 }));
    core.probe.otherwise = PASSING;
    await pass(60_000);
    expect(core.services()).toEqual({});
    expect(core.store.node(nodeId('n'))).toMatchObject({ state: 'REMOVED' });
  });

  it('should leave alone what changed its content meanwhile', async () => {
    const { core, pass } = await registered();
    await core.run(announcement('n', { at: 1, content: { version: '2.0.0' } }));
    core.probe.otherwise = PASSING;
    await pass(60_000);
    expect(core.catalog.restarted).toEqual([]);
  });

  it.each(['fail', 'refuse'] as const)('should look again when Consul answers with %s', async (fault) => {
    const { core, pass } = await registered();
    core.probe.otherwise = PASSING;
    core.catalog.faults.next('register', fault);
    await pass(500);
    expect(core.store.node(nodeId('n'))).toMatchObject({ checkStatus: 'critical' });
    await pass(1500);
    expect(core.store.node(nodeId('n'))).toMatchObject({ checkStatus: 'passing' });
  });

  it('should end when told to', async () => {
    const { running } = await registered();
    stop.abort();
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });
});
