import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { until } from '../until.ts';
import { ConsulHand } from './consul-hand.ts';
import type { Fleet } from './fleet.ts';
import type { Follower } from './follower.ts';
import type { KafkaReader } from './kafka-reader.ts';
import type { NodeServer } from './node-server.ts';
import type { Member, Rig } from './rig.ts';
import type { Traffic } from './traffic.ts';
import { ask, consul, strangerStands, withPostgres } from './truth.ts';

/** All that the validators look at. */
export interface Witnesses {
  readonly rig: Rig;
  readonly fleet: Fleet;
  readonly server: NodeServer;
  readonly traffic: Traffic;
  readonly followers: readonly Follower[];
  readonly reader: KafkaReader;
}

/** What is broken when a validator throws. The sentences are those of the specification. */
export const INVARIANTS = {
  agreement:
    'Agreement: at rest, the registered nodes in Postgres, the services of the gateway in Consul, and the latest valid announcement of each node are the same set with the same content',
  nothingLost: 'Nothing lost: applied + unchanged + superseded + rejected = produced',
  noResurrection: 'No resurrection: a removed node is not brought back by an older or replayed message',
  noLie: 'No lie: healthyServices never returns an instance that Consul has held critical for over two seconds while the watch works',
  watch: "Watch: every subscriber's stream equals the change log between its first and last cursor",
  bounded: 'Bounded: memory and queues stay within their limits under any input',
} as const;

/** After a round's faults are over, all must be at rest within this: a session timeout, a broker's recovery, and some reconciliations. */
const REST = { timeout: 60_000, interval: 200 };
/** What Consul holds critical may be in an answer for this long, milliseconds. */
const NO_LIE = 2000;
/** Of one gateway that runs from its TypeScript sources, bytes. */
const MEMORY_LIMIT = 400 * 1024 * 1024;

async function holds<T>(invariant: string, look: () => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  try {
    await until(
      'it holds',
      async () => {
        result = { value: await look() };
        return true;
      },
      REST,
    );
  } catch (error) {
    throw new Error(`${invariant}.\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (result === undefined) throw new Error(invariant);
  return result.value;
}

const row = z.object({
  id: z.string(),
  hash: z.string(),
  service: z.string().nullable(),
  cursor: z.number(),
  words: z.array(z.string()),
  isChecked: z.boolean(),
});
const answer = z.object({
  data: z.object({
    nodes: z.object({
      edges: z.array(
        z.object({
          node: z.object({
            nodeId: z.string(),
            contentHash: z.string(),
            consulServiceId: z.string().nullable(),
            cursor: z.string().transform(Number),
            capabilities: z.array(z.string()),
          }),
        }),
      ),
    }),
  }),
});
const REGISTERED =
  '{ nodes(first: 500, filter: { states: [REGISTERED] }) { edges { node { nodeId contentHash consulServiceId cursor capabilities } } } }';

/** Waits until it holds. Throws with the invariant and what differs. */
export async function agreement(witnesses: Witnesses): Promise<void> {
  const { rig, fleet } = witnesses;
  const expected = fleet.expected();
  await holds(INVARIANTS.agreement, async () => {
    const stored = await withPostgres(rig, async (client) => {
      const { rows } = await client.query(
        `select node_id as id, content_hash as hash, consul_service_id as service, cursor::float8 as cursor, capability_names as words,
           endpoints <> '{}' as "isChecked"
         from node_registrations where state = 'REGISTERED' order by node_id collate "C"`,
      );
      return z.array(row).parse(rows);
    });
    const words = new Map(
      stored.filter(({ id }) => id.startsWith('node-')).map(({ id, words: [...all] }) => [id, all.filter((word) => word !== 'any')]),
    );
    for (const [id, { word }] of expected) same(words.get(id), [word ?? ''], `${id} in Postgres, and the latest that it said`);
    for (const id of words.keys())
      if (!expected.has(id)) throw new Error(`${id} is registered although it left. ${INVARIANTS.noResurrection}`);
    for (const { gateway } of rig.running()) {
      if (!stored.some(({ id }) => id === gateway.id)) throw new Error(`${gateway.id} runs and is not registered`);
    }
    await strangerStands(rig);
    const hand = new ConsulHand(rig);
    const owned = (await hand.services()).map(({ id, meta }) => `${meta['node_id']} ${meta['content_hash']} ${id}`);
    same(owned.toSorted(), stored.map(({ id, hash, service }) => `${id} ${hash} ${service}`).toSorted(), 'Consul and Postgres');
    const checked = await hand.checkedIds();
    const wanted = stored.flatMap(({ service, isChecked }) => (isChecked && service !== null ? [service] : []));
    const ours = new Set(stored.map(({ service }) => service));
    same(checked.filter((id) => ours.has(id)).toSorted(), wanted.toSorted(), 'the checks in Consul and those that the nodes should have');
    for (const { gateway } of rig.running()) {
      const { data } = answer.parse(await ask(gateway.url, REGISTERED));
      same(
        data.nodes.edges.map(({ node }) => `${node.nodeId} ${node.contentHash} ${node.consulServiceId} ${node.cursor}`).toSorted(),
        stored.map(({ id, hash, service, cursor }) => `${id} ${hash} ${service} ${cursor}`).toSorted(),
        `the answers of ${gateway.id} and Postgres`,
      );
    }
  });
}

const position = z.object({ key: z.string(), next: z.number(), ahead: z.number(), counted: z.number() });

/** What should have come through, and what did. */
export interface Tally {
  readonly due: number;
  /** Without repetitions. */
  readonly arrived: number;
  readonly repeated: number;
}

/** Waits until every partition is worked off to its end, with as many outcomes counted as messages lie on it. */
export function nothingLost({ rig, traffic }: Witnesses): Promise<Tally> {
  const { introspection, heartbeat, acknowledgement } = rig.config.kafka.topics;
  return holds(INVARIANTS.nothingLost, async () => {
    const admin = traffic.kafka.admin({ retry: { retries: 1 } });
    await admin.connect();
    try {
      const positions = await withPostgres(rig, async (client) => {
        const { rows } = await client.query(
          `select partition || ' ' || topic as key, next_offset::int as next, cardinality(ahead) as ahead,
             (applied + unchanged + superseded + rejected + heartbeat + acknowledged + ignored)::int as counted
           from consumer_positions`,
        );
        return new Map(
          z
            .array(position)
            .parse(rows)
            .map((entry) => [entry.key, entry]),
        );
      });
      let due = 0;
      let total = 0;
      for (const topic of [...introspection, ...heartbeat, ...acknowledgement]) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
          const { next, ahead, counted } = positions.get(`${partition} ${topic}`) ?? { next: 0, ahead: 0, counted: 0 };
          if (next !== Number(high) || counted !== Number(high) || ahead !== 0)
            throw new Error(`${topic}/${partition}: ${high} produced, ${counted} counted up to ${next}, ${ahead} ahead`);
          due += Number(high);
          total += counted;
        }
      }
      if (total < traffic.produced) throw new Error(`${traffic.produced} sent, ${total} on the topics`);
      return { due, arrived: Math.min(due, total), repeated: Math.max(0, total - due) };
    } finally {
      await admin.disconnect();
    }
  });
}

const entry = z.object({ cursor: z.number(), type: z.string(), nodeId: z.string(), state: z.string() });

/** Waits until every subscriber has come to the head of the log, then compares streams and topic with it. */
export async function watch({ rig, followers, reader }: Witnesses): Promise<Tally> {
  return holds(INVARIANTS.watch, async () => {
    const log = await withPostgres(rig, async (client) => {
      const { rows } = await client.query(
        `select cursor::float8 as cursor, change_type as type, node_id as "nodeId", node->>'state' as state from registration_changes order by cursor`,
      );
      return z.array(entry).parse(rows);
    });
    const head = log.at(-1)?.cursor ?? 0;
    if (log.length !== head - (log[0]?.cursor ?? 1) + 1) throw new Error(`the log has ${log.length} entries up to ${head}: it has a hole`);
    for (const [index, follower] of followers.entries()) {
      if (follower.failures.length > 0) throw new Error(`subscriber ${index} was ended: ${JSON.stringify(follower.failures)}`);
      const between = log.filter(({ cursor }) => cursor > follower.start);
      same(
        follower.delivered.map(({ cursor, type, nodeId }) => `${cursor} ${type} ${nodeId}`),
        between.map(({ cursor, type, nodeId }) => `${cursor} ${type} ${nodeId}`),
        `the stream of subscriber ${index} and the log`,
      );
    }
    const last = new Map(log.map(({ nodeId, state }) => [nodeId, state === 'REGISTERED']));
    const told = (standing: ReadonlyMap<string, boolean>) => [...standing].map(([id, stands]) => `${id} ${stands}`).toSorted();
    same(told(reader.standing), told(last), 'the topic of changes and the log');
    for (const { cursor, type, state } of log) {
      if (state === 'REGISTERED' && (type === 'ADDED' || type === 'MODIFIED') && !reader.accepted.has(cursor))
        throw new Error(`nobody said accepted for ${cursor}`);
    }
    const sum = (count: (follower: Follower) => number) => followers.reduce((total, follower) => total + count(follower), 0);
    const arrived = sum(({ delivered }) => new Set(delivered.map(({ cursor }) => cursor)).size);
    return {
      due: sum(({ start }) => log.filter(({ cursor }) => cursor > start).length),
      arrived,
      repeated: sum(({ delivered }) => delivered.length) - arrived,
    };
  });
}

const checks = z.array(z.object({ ServiceID: z.string() }));
const healthy = z.object({ data: z.object({ healthyServices: z.array(z.object({ nodeId: z.string() })) }) });

/** One node falls ill and recovers. From two seconds after Consul knows, no gateway may hand it out. */
export async function noLie({ rig, server }: Witnesses, nodeId: string): Promise<void> {
  const instances = async ({ gateway }: Member) =>
    healthy
      .parse(await ask(gateway.url, '{ healthyServices(capability: "any") { nodeId } }'))
      .data.healthyServices.map((node) => node.nodeId);
  const everywhere = async (isWanted: boolean) => {
    for (const member of rig.running()) {
      if ((await instances(member)).includes(nodeId) !== isWanted)
        throw new Error(`${member.gateway.id} ${isWanted ? 'does not return' : 'returns'} ${nodeId}`);
    }
  };
  await holds(`${INVARIANTS.agreement}: a healthy node is handed out`, () => everywhere(true));
  server.sicken(nodeId);
  try {
    await until(
      `Consul holds ${nodeId} critical`,
      async () => checks.parse(await consul(rig, '/health/state/critical')).some(({ ServiceID }) => ServiceID.includes(nodeId)),
      { timeout: 15_000, interval: 50 },
    );
    const deadline = performance.now() + NO_LIE;
    let last: unknown;
    for (;;) {
      const asked = performance.now();
      try {
        await everywhere(false);
        break;
      } catch (error) {
        last = error;
      }
      if (asked > deadline) throw new Error(`${INVARIANTS.noLie}: ${String(last)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    server.cure(nodeId);
  }
  await holds('Health: a node that recovered is handed out again', () => everywhere(true));
}

/** Throws when a gateway has grown beyond its limit. Returns the largest, in bytes. */
export async function bounded({ rig }: Witnesses): Promise<number> {
  const sizes = await Promise.all(rig.running().map(async ({ gateway }) => ({ id: gateway.id, bytes: await gateway.memory() })));
  for (const { id, bytes } of sizes) if (bytes > MEMORY_LIMIT) throw new Error(`${INVARIANTS.bounded}: ${id} holds ${bytes} bytes`);
  return Math.max(...sizes.map(({ bytes }) => bytes));
}

/** Throws when the gateways say that they are not well, although nothing ails them any more. */
export async function recovered({ rig }: Witnesses): Promise<void> {
  await holds('Recovery: with every fault over, each gateway is healthy and has its part in the group', async () => {
    for (const { gateway } of rig.running()) {
      const health = await (await fetch(`${gateway.url}/health`, { signal: AbortSignal.timeout(2000) })).json();
      if (health.status !== 'healthy') throw new Error(`${gateway.id} says ${JSON.stringify(health)}`);
    }
  });
}

function same(actual: readonly string[] | undefined, expected: readonly string[], what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const only = (some: readonly string[] | undefined, others: readonly string[] | undefined) =>
    (some ?? [])
      .filter((item) => !others?.includes(item))
      .slice(0, 10)
      .join(', ');
  throw new Error(`${what} differ; only the first has [${only(actual, expected)}], only the second [${only(expected, actual)}]`);
}
