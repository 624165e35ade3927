import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../../src/errors.ts';
import { GatewayRoster, type StoredPlacement } from '../../../src/postgres/gateway-roster.ts';
import { type MigratedRegistry, migratedRegistry } from './migrated-registry.ts';

const AGENT: StoredPlacement = { mode: 'agent', virtualNodes: 200, probes: 'gateway' };
const CATALOG: StoredPlacement = { mode: 'catalog', virtualNodes: 50, probes: 'esm' };

describe('GatewayRoster', () => {
  let registry: MigratedRegistry;
  beforeAll(async () => {
    registry = await migratedRegistry();
  });
  afterAll(() => registry.close());

  /** A gateway of the registry; `term` in which it leads. */
  function gateway(configured: StoredPlacement) {
    const leads = { term: null as number | null };
    const roster = new GatewayRoster({
      database: registry.open().database,
      processId: randomUUID(),
      gatewayId: 'gateway',
      configured,
      term: () => leads.term,
    });
    return { roster, leads };
  }
  const elect = async () => Number((await registry.sql('update leadership set term = term + 1 returning term'))[0]?.['term']);

  it('should know who runs, in one order everywhere, and who has left', async () => {
    const [one, other] = [gateway(AGENT), gateway(AGENT)];
    expect(one.roster.members()).toEqual([one.roster.self]);
    for (const { roster } of [one, other, one]) await roster.beat();
    expect(one.roster.members()).toEqual([one.roster.self, other.roster.self].sort());
    expect(other.roster.members()).toEqual(one.roster.members());
    await other.roster.leave();
    await one.roster.beat();
    expect(one.roster.members()).toEqual([one.roster.self]);
    await one.roster.leave();
  });

  it('should count nobody who has been silent for 5 s, and forget who has been for long', async () => {
    const [one, other] = [gateway(AGENT), gateway(AGENT)];
    await other.roster.beat();
    await registry.sql("update gateways set seen_at = now() - interval '6 seconds'");
    await one.roster.beat();
    expect(one.roster.members()).toEqual([one.roster.self]);
    await registry.sql("update gateways set seen_at = now() - interval '2 hours' where process_id = $1", [other.roster.self]);
    one.leads.term = await elect();
    await one.roster.beat();
    expect(await registry.sql('select process_id from gateways')).toEqual([{ process_id: one.roster.self }]);
    await one.roster.leave();
  });

  it('should go by its own configuration until anybody has led, and then by that of the leader', async () => {
    await registry.sql('delete from consul_placement');
    const [first, second] = [gateway(AGENT), gateway(CATALOG)];
    for (const { roster } of [first, second]) await roster.beat();
    expect([first.roster.placement(), second.roster.placement()]).toEqual([AGENT, CATALOG]);
    first.leads.term = await elect();
    for (const { roster } of [first, second]) await roster.beat();
    expect([first.roster.placement(), second.roster.placement()]).toEqual([AGENT, AGENT]);
    // The leader ends, and another leads.
    second.leads.term = await elect();
    for (const { roster } of [second, first]) await roster.beat();
    expect([first.roster.placement(), second.roster.placement()]).toEqual([CATALOG, CATALOG]);
    // The one that hung and has not noticed that it leads no more says nothing.
    for (const { roster } of [first, second]) await roster.beat();
    expect(second.roster.placement()).toEqual(CATALOG);
    for (const { roster } of [first, second]) await roster.leave();
  });

  it('should stay as it was while Postgres does not answer', async () => {
    const one = gateway(AGENT);
    await one.roster.beat();
    const [members, placement] = [one.roster.members(), one.roster.placement()];
    await registry.sql('alter table gateways rename to elsewhere');
    await expect(one.roster.beat()).rejects.toBeInstanceOf(BackendError);
    expect([one.roster.members(), one.roster.placement()]).toEqual([members, placement]);
    await registry.sql('alter table elsewhere rename to gateways');
  });
});
