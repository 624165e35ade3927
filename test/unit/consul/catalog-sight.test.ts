import { describe, expect, it } from 'vitest';
import { CatalogSight } from '../../../src/consul/catalog-sight.ts';
import type { CheckRow } from '../../../src/consul/observed-checks.ts';
import { ownerNote } from '../../../src/consul/owner-note.ts';
import type { StandingEntry } from '../../../src/consul/standing-entry.ts';
import type { ProbedStatus } from '../../../src/registry/ports.ts';

const HOME = 'registry-ours-1';

const row = (id: string, status: ProbedStatus, different: Partial<CheckRow> = {}): CheckRow => ({
  node: HOME,
  checkId: `service:${id}`,
  serviceId: id,
  status,
  output: `${id} is ${status}`,
  notes: ownerNote('ours'),
  ...different,
});

const entry = (id: string, status: string | null, registryId = 'ours'): StandingEntry => ({
  name: 'effect-service',
  meta: { registry_id: registryId },
  index: 1,
  check:
    status === null
      ? null
      : {
          CheckID: `service:${id}`,
          Status: status,
          Output: `${id} is ${status}`,
          Name: '',
          Notes: '',
          ServiceID: id,
          ModifyIndex: 1,
          Definition: {},
        },
});

const place = (serviceId: string, node = HOME) => ({ node, serviceId });

function seeing(...rows: readonly CheckRow[]) {
  const clock = { now: 0 };
  const strays: string[] = [];
  const sight = new CatalogSight({
    registryId: () => 'ours',
    homeOf: () => HOME,
    isVirtual: (node) => node.startsWith('registry-ours-'),
    isAgent: (node) => node === 'agent',
    onStray: (id, node) => strays.push(`${id} on ${node}`),
    monotonic: () => clock.now,
  });
  sight.beginWith(rows);
  const statuses = () => Object.fromEntries([...sight.checks()].map(([id, { status }]) => [id, status]));
  return { sight, clock, strays, statuses };
}

describe('CatalogSight', () => {
  it('should begin with everything', () => {
    const { sight, statuses } = seeing(
      row('a', 'passing'),
      row('b', 'warning'),
      row('c', 'critical'),
      row('', 'passing', { node: 'agent' }),
    );
    expect(statuses()).toEqual({ a: 'passing', b: 'warning', c: 'critical' });
    expect(['a', 'b', 'c', 'new'].map((id) => sight.statusOf(id))).toEqual(['passing', 'warning', 'critical', 'passing']);
    expect(sight.unsettled()).toEqual([]);
  });

  it('should see at once what turns bad', () => {
    const { sight, statuses } = seeing(row('a', 'passing'));
    sight.list('critical', [row('a', 'critical'), row('new', 'critical')]);
    expect(statuses()).toEqual({ a: 'critical', new: 'critical' });
    expect(sight.checks().get('a')).toEqual({ status: 'critical', output: 'a is critical' });
  });

  it('should count what left the lists as bad until it was looked up, and then as what it is', () => {
    const { sight, statuses } = seeing(row('a', 'critical'), row('b', 'critical'));
    sight.list('critical', []);
    expect(statuses()).toEqual({ a: 'critical', b: 'critical' });
    expect(sight.unsettled()).toEqual([place('a'), place('b')]);
    sight.settle(place('a'), entry('a', 'passing'));
    sight.settle(place('b'), null);
    expect(statuses()).toEqual({ a: 'passing' });
    expect([...sight.vanished()]).toEqual(['b']);
  });

  it('should take a service for vanished that lost its check, or became somebody else’s', () => {
    const { sight } = seeing(row('a', 'critical'), row('b', 'critical'));
    sight.list('critical', []);
    sight.settle(place('a'), entry('a', null));
    sight.settle(place('b'), entry('b', 'passing', 'theirs'));
    expect([...sight.vanished()]).toEqual(['a', 'b']);
  });

  it('should look again at what vanished, for a while', () => {
    const { sight, clock, statuses } = seeing(row('a', 'critical'), row('b', 'critical'));
    sight.list('critical', []);
    for (const id of ['a', 'b']) sight.settle(place(id), null);
    expect(sight.unsettled()).toEqual([place('a'), place('b')]);
    sight.settle(place('a'), entry('a', 'passing'));
    expect([[...sight.vanished()], statuses()]).toEqual([['b'], { a: 'passing' }]);
    clock.now = 10_001;
    expect(sight.unsettled()).toEqual([]);
    expect(sight.vanished().size).toBe(0);
  });

  it('should not take a check that changes lists for one that left', () => {
    const { sight, statuses } = seeing(row('a', 'critical'));
    sight.list('warning', [row('a', 'warning')]);
    sight.list('critical', []);
    expect([statuses(), sight.unsettled()]).toEqual([{ a: 'warning' }, []]);
    sight.list('critical', [row('a', 'critical')]);
    sight.list('warning', []);
    expect([statuses(), sight.unsettled()]).toEqual([{ a: 'critical' }, []]);
  });

  it('should know since when the check of a registration has been critical, whatever else stands on the service', () => {
    const { sight, clock } = seeing();
    const maintenance = row('a', 'critical', { checkId: '_service_maintenance:a', notes: 'upgrade', output: '' });
    sight.list('critical', [maintenance]);
    expect([sight.statusOf('a'), sight.criticalFor('a')]).toEqual(['passing', null]);
    expect(sight.checks().get('a')).toEqual({ status: 'critical', output: 'upgrade' });
    clock.now = 5000;
    sight.list('critical', [maintenance, row('a', 'critical')]);
    clock.now = 8000;
    sight.list('critical', [row('a', 'critical', { output: 'still' })]);
    expect([sight.statusOf('a'), sight.criticalFor('a')]).toEqual(['critical', 3000]);
    sight.list('critical', []);
    expect(sight.criticalFor('a')).toBeNull();
  });

  it('should go on counting for how long a check has been critical when everything is read anew', () => {
    const { sight, clock } = seeing(row('a', 'critical'));
    clock.now = 60_000;
    sight.beginWith([row('a', 'critical')]);
    clock.now = 90_000;
    expect(sight.criticalFor('a')).toBe(90_000);
  });

  it('should leave out what is another registry’s', () => {
    const { sight, statuses } = seeing(row('a', 'critical', { node: 'agent', notes: ownerNote('theirs') }));
    expect(statuses()).toEqual({});
    sight.list('critical', [row('b', 'critical', { node: 'agent', notes: ownerNote('theirs') })]);
    expect([statuses(), sight.statusOf('b')]).toEqual([{}, 'passing']);
  });

  it('should tell what stands elsewhere than it belongs, until it does not any more', () => {
    const { sight, strays } = seeing(row('a', 'passing', { node: 'agent' }), row('b', 'passing', { node: 'registry-ours-199' }));
    expect(sight.checks().get('a')).toEqual({ status: 'passing', output: 'a is passing', isMisplaced: true });
    expect(sight.checks().get('b')?.isMisplaced).toBe(true);
    expect(strays).toEqual(['a on agent', 'b on registry-ours-199']);
    sight.cleared('a');
    expect(sight.checks().get('a')).toEqual({ status: 'passing', output: 'a is passing' });
  });

  it('should go by the copy that stands where it belongs, and say that the other has to go', () => {
    for (const rows of [
      [row('a', 'critical', { node: 'agent' }), row('a', 'passing')],
      [row('a', 'passing'), row('a', 'critical', { node: 'agent' })],
    ]) {
      expect(
        seeing(...rows)
          .sight.checks()
          .get('a'),
      ).toEqual({ status: 'passing', output: 'a is passing', isMisplaced: true });
    }
  });

  it('should be of another edition wherever it says something else, and of the same after the same answer', () => {
    const { sight, clock } = seeing(row('a', 'passing'), row('b', 'critical'));
    const editions = [sight.edition()];
    const see = (work: () => unknown) => {
      work();
      editions.push(sight.edition());
    };
    sight.list('critical', [row('b', 'critical')]);
    sight.list('warning', []);
    expect(sight.edition()).toBe(editions[0]);

    see(() => sight.list('critical', [row('b', 'critical', { output: 'refused' })]));
    see(() => sight.list('critical', [row('a', 'critical'), row('b', 'critical', { output: 'refused' })]));
    see(() => sight.list('critical', []));
    see(() => sight.settle(place('a'), entry('a', 'passing')));
    see(() => sight.settle(place('b'), null));
    clock.now = 10_001;
    see(() => sight.unsettled());
    see(() => sight.beginWith([row('a', 'passing')]));
    expect(new Set(editions).size).toBe(editions.length);
    expect(editions).not.toContain(null);

    sight.list('critical', [row('a', 'critical', { node: 'registry-ours-2' })]);
    expect(sight.edition()).toBeNull();
  });
});
