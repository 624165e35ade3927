import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AgentCatalog } from '../../../src/consul/agent-catalog.ts';
import { ExternalCatalog } from '../../../src/consul/external-catalog.ts';
import { PlacedCatalog } from '../../../src/consul/placed-catalog.ts';
import type { Placement } from '../../../src/consul/placement.ts';
import { nodeId } from '../../unit/consul/node-content.ts';
import { silentLog } from '../../unit/registry/fakes/recorded-log.ts';
import { until } from '../../until.ts';
import { sharedStack } from '../stack.ts';
import { ConsulRig, configOn, consul } from './rig.ts';

type Listed = { readonly Node: string; readonly ServiceID: string };
type Passing = { readonly Service: { readonly ID: string } };

const rig = new ConsulRig();
beforeAll(() => rig.start());
afterEach(() => rig.clear());
afterAll(() => rig.stop());

const AGENT: Placement = { mode: 'agent', virtualNodes: 20, probes: 'gateway' };
const CATALOG: Placement = { mode: 'catalog', virtualNodes: 20, probes: 'gateway' };
const FEWER: Placement = { mode: 'catalog', virtualNodes: 3, probes: 'gateway' };

/** A registry with ten services of a name of its own, placed as the test says. */
async function placed(first: Placement) {
  const registryId = randomUUID();
  const name = `placed-${registryId.slice(0, 8)}`;
  const now = { placement: first };
  const options = { registryId: () => registryId, config: configOn('agent', sharedStack().consul), placement: () => now.placement };
  const parts = { agent: new AgentCatalog(options), external: new ExternalCatalog(options) };
  const catalog = new PlacedCatalog({ ...parts, placement: () => now.placement, log: silentLog() });
  rig.closes.push(() => catalog.close());
  const services = Array.from({ length: 10 }, (_, n) =>
    catalog.define(rig.content({ nodeId: nodeId(`${registryId}-${n}`), announcedServiceName: name }), 'hash'),
  );
  await Promise.all(services.map((service) => catalog.register(service, 'passing')));
  rig.closes.push(async () => {
    for (const { id } of services) await Promise.all([parts.agent.deregister(id), catalog.deregister(id)]);
  });
  const listed = () => consul<readonly Listed[]>(`/catalog/service/${name}`);
  await until('all stand', async () => (await listed()).length === services.length);
  const passing = async () =>
    new Set((await consul<readonly Passing[]>(`/health/service/${name}?passing`)).map(({ Service }) => Service.ID));
  return { catalog, parts, services, now, listed, passing };
}

describe.each([
  ['agent', AGENT, 'the catalog', CATALOG],
  ['the catalog', CATALOG, 'the agent', AGENT],
  ['twenty virtual nodes', CATALOG, 'three', FEWER],
])('services that move from %s', (_from, from, _to, to) => {
  it('should be reported as misplaced, pass at every moment, and stand once in the end', async () => {
    const { catalog, services, now, listed, passing } = await placed(from);
    const { reports, vanished } = rig.follow(catalog);
    const all = services.map(({ id }) => id);
    const isKnown = (id: string) => reports.at(-1)?.get(id) !== undefined;
    await until('the watch sees them', () => all.every(isKnown));
    const before = reports.length;
    now.placement = to;
    const isHome = (id: string) => reports.at(-1)?.get(id)?.isMisplaced !== true;
    await until('the watch reports what has to move', () => all.filter((id) => !isHome(id)).length >= 5);
    const owned = await catalog.owned();
    expect(owned.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
    for (const { id, isMisplaced } of owned) expect(isMisplaced).toBe(!isHome(id));
    let isOver = false;
    const seen = new Set<number>();
    const watching = (async () => {
      while (!isOver) seen.add((await passing()).size);
    })();
    for (const service of services) {
      expect(await catalog.standing(service)).toBe(isHome(service.id) ? 'whole' : 'misplaced');
      await catalog.register(service, 'passing');
      expect([await catalog.standing(service), await catalog.exists(service.id)]).toEqual(['whole', true]);
    }
    await until('each stands once', async () => {
      const places = await listed();
      const isVirtual = ({ Node }: Listed) => Node.startsWith('registry-');
      return places.length === services.length && places.every((place) => isVirtual(place) === (to.mode === 'catalog'));
    });
    isOver = true;
    await watching;
    expect([...seen]).toEqual([services.length]);
    for (const checks of reports.slice(before)) for (const id of all) expect(checks.get(id)?.status).toBe('passing');
    expect([...(vanished() ?? [])]).toEqual([]);
    await until('the watch is at rest', () => all.every((id) => isHome(id) && isKnown(id)));
    expect((await catalog.owned()).every(({ isMisplaced }) => !isMisplaced)).toBe(true);
  });

  it('should go from wherever they stand when they are deregistered meanwhile', async () => {
    const { catalog, services, now, listed } = await placed(from);
    const { reports } = rig.follow(catalog);
    await until('the watch sees them', () => services.every(({ id }) => reports.at(-1)?.has(id)));
    now.placement = to;
    await until('the watch has changed', () => services.some(({ id }) => reports.at(-1)?.get(id)?.isMisplaced));
    for (const { id } of services) await catalog.deregister(id);
    await until('none stands', async () => (await listed()).length === 0);
    expect(await catalog.owned()).toEqual([]);
  });
});
