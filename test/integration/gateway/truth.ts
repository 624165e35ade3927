import type { Kafka } from 'kafkajs';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Config } from '../../../src/config.ts';
import { until } from '../../until.ts';
import { consul, type GatewayClient, sql } from './running-gateway.ts';

const COUNTS = ['applied', 'unchanged', 'superseded', 'rejected', 'heartbeat', 'acknowledged', 'ignored'] as const;

const positions = z.array(z.object({ key: z.string(), next: z.number(), ahead: z.number(), counted: z.number() }));

/**
 * Nothing lost, nothing twice: waits until every partition that the gateways consume is worked off to its end, with as many outcomes
 * counted as messages were produced onto it.
 */
export async function everythingIsCounted(kafka: Kafka, config: Config, url: string): Promise<void> {
  const { introspection, heartbeat, acknowledgement } = config.kafka.topics;
  const admin = kafka.admin();
  await admin.connect();
  try {
    await until(
      'nothing lost: every produced message is counted once',
      async () => {
        const counted = positions.parse(
          await sql(
            url,
            `select partition || ' ' || topic as key, next_offset::int as next, cardinality(ahead) as ahead,
               (${COUNTS.join(' + ')})::int as counted
             from consumer_positions`,
          ),
        );
        const byKey = new Map(counted.map((row) => [row.key, row]));
        for (const topic of [...introspection, ...heartbeat, ...acknowledgement]) {
          for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
            const { next, ahead, counted: sum } = byKey.get(`${partition} ${topic}`) ?? { next: 0, ahead: 0, counted: 0 };
            const end = Number(high);
            if (next !== end || sum !== end || ahead !== 0) {
              throw new Error(`${topic}/${partition}: ${end} produced, ${sum} counted up to ${next}, ${ahead} ahead`);
            }
          }
        }
        return true;
      },
      { timeout: 30_000, interval: 100 },
    );
  } finally {
    await admin.disconnect();
  }
}

const rows = z.array(z.object({ id: z.string(), hash: z.string(), service: z.string().nullable(), cursor: z.string() }));

const services = z.record(z.string(), z.object({ ID: z.string(), Meta: z.record(z.string(), z.string()) }));

const connection = z.object({
  edges: z.array(
    z.object({
      node: z.object({ nodeId: z.string(), contentHash: z.string(), consulServiceId: z.string().nullable(), cursor: z.string() }),
    }),
  ),
});

/**
 * Agreement: waits until Postgres, Consul and each of the gateways hold the same registered nodes with the same content; then checks
 * that the log has no hole and ends, for each node, with what is stored. Returns the registered nodes with their content hashes.
 */
export async function agreement(config: Config, url: string, clients: readonly GatewayClient[]): Promise<ReadonlyMap<string, string>> {
  const [registry] = z.array(z.object({ id: z.string() })).parse(await sql(url, 'select registry_id::text as id from registry'));
  const stored = await until(
    'agreement: Postgres, Consul and the answers hold the same',
    async () => {
      const registered = rows.parse(
        await sql(
          url,
          `select node_id as id, content_hash as hash, consul_service_id as service, lpad(cursor::text, 16, '0') as cursor
           from node_registrations where state = 'REGISTERED' order by node_id collate "C"`,
        ),
      );
      const owned = Object.values(services.parse(await consul(config, '/agent/services')))
        .filter(({ Meta }) => Meta['registry_id'] === registry?.id)
        .map(({ ID, Meta }) => ({ id: Meta['node_id'], hash: Meta['content_hash'], service: ID }));
      expect(owned.toSorted(byId), 'Consul').toEqual(registered.map(({ id, hash, service }) => ({ id, hash, service })));
      for (const client of clients) {
        const { edges } = await client.get(
          connection,
          'nodes',
          '{ nodes(first: 500, filter: { states: [REGISTERED] }) { edges { node { nodeId contentHash consulServiceId cursor } } } }',
        );
        const known = edges.map(({ node: { nodeId, contentHash, consulServiceId, cursor } }) => ({
          id: nodeId,
          hash: contentHash,
          service: consulServiceId,
          cursor,
        }));
        expect(known.toSorted(byId), client.url).toEqual(registered);
      }
      return registered;
    },
    { timeout: 30_000, interval: 100 },
  );
  expect(await sql(url, 'select count(*)::int - (max(cursor) - min(cursor) + 1)::int as holes from registration_changes')).toEqual([
    { holes: 0 },
  ]);
  const stale = `select n.node_id from node_registrations n
    where n.cursor <> coalesce((select max(c.cursor) from registration_changes c where c.node_id = n.node_id), 0)`;
  expect(await sql(url, stale), 'watch: the log ends with what is stored').toEqual([]);
  return new Map(stored.map(({ id, hash }) => [id, hash]));
}

function byId(a: { id?: string | undefined }, b: { id?: string | undefined }): number {
  return (a.id ?? '') < (b.id ?? '') ? -1 : 1;
}

/** Takes a registry's services out of the Consul that all suites share: other suites may use the same node ids. */
export async function clearConsul(config: Config, url: string): Promise<void> {
  const [registry] = z.array(z.object({ id: z.string() })).parse(await sql(url, 'select registry_id::text as id from registry'));
  for (const { ID, Meta } of Object.values(services.parse(await consul(config, '/agent/services')))) {
    if (Meta['registry_id'] === registry?.id) await consul(config, `/agent/service/deregister/${encodeURIComponent(ID)}`, 'PUT');
  }
}
