import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { z } from 'zod';
import { until } from '../until.ts';
import type { Draw } from './draw.ts';
import { FAIL_POINTS, type FailPoint, type Mishap, SEVERABLE } from './fail-point.ts';
import type { Follower } from './follower.ts';
import { BACKENDS, type Backend, type Member, type Rig } from './rig.ts';
import type { Toxic } from './toxiproxy.ts';
import { consul, registerStranger, registryIdOf, withPostgres } from './truth.ts';

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  /** What it takes hold of: two faults of one round never share it. */
  readonly targets: readonly string[];
  /** Injects it and ends it. Resolves with what exactly happened, or null when it came to nothing. */
  readonly run: (draw: Draw) => Promise<string | null>;
}

/** Everything that can go wrong on this rig, where the `regular` gateways run all the time. */
export function catalogue(rig: Rig, regular: readonly Member[], followers: readonly Follower[]): Fault[] {
  const spare = rig.members.filter((member) => !regular.includes(member));
  return [
    ...BACKENDS.flatMap((backend) => [killed(rig, backend), standsStill(rig, backend)]),
    readOnly(rig),
    sessionsTerminated(rig),
    drift(rig),
    dataLost(rig),
    offsetsSetBack(rig, regular),
    ...regular.flatMap((member) => [
      ...BACKENDS.flatMap((backend) => [linkCut(member, backend), linkPoisoned(member, backend)]),
      gatewayKilled(member),
      gatewayRestarted(member),
      gatewayFrozen(member),
      atFailPoint(member),
      clockJump(member),
    ]),
    allKilled(regular),
    ...spare.map(joinsAndLeaves),
    ...followers.map((follower, index) => subscriberDrops(follower, index)),
  ];
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

function killed({ stack }: Rig, backend: Backend): Fault {
  return {
    name: `${backend} killed`,
    targets: [backend],
    run: async (draw) => {
      const away = draw.integer(300, 4000);
      await stack[backend].kill();
      await sleep(away);
      await stack[backend].start();
      return `${backend} killed, started again after ${seconds(away)}`;
    },
  };
}

function standsStill({ stack }: Rig, backend: Backend): Fault {
  return {
    name: `${backend} stands still`,
    targets: [backend],
    run: async (draw) => {
      const away = draw.integer(1000, 9000);
      stack[backend].pause();
      await sleep(away);
      stack[backend].resume();
      return `${backend} stood still for ${seconds(away)}`;
    },
  };
}

function readOnly(rig: Rig): Fault {
  const set = (value: string) =>
    withPostgres(rig, async (client) => {
      await client.query(`alter system set default_transaction_read_only = ${value}`);
      await client.query('select pg_reload_conf()');
    });
  return {
    name: 'Postgres read-only',
    targets: ['postgres'],
    run: async (draw) => {
      const away = draw.integer(1000, 5000);
      await set('on');
      await sleep(away);
      await set('off');
      return `Postgres read-only for ${seconds(away)}`;
    },
  };
}

function sessionsTerminated(rig: Rig): Fault {
  return {
    name: 'Postgres sessions terminated',
    targets: ['postgres'],
    run: async (draw) => {
      const times = draw.integer(1, 4);
      for (let time = 0; time < times; time += 1) {
        await withPostgres(rig, (client) =>
          client.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'discovery-gateway'"),
        );
        await sleep(draw.integer(100, 1000));
      }
      return `every session of Postgres terminated, ${times} times`;
    },
  };
}

const ownService = z.object({ ID: z.string(), Service: z.string(), Meta: z.record(z.string(), z.string()) });

/** Somebody else's hand in Consul: services that vanish, that change, and that nobody registered. */
function drift(rig: Rig): Fault {
  return {
    name: 'drift in Consul',
    targets: ['consul'],
    run: async (draw) => {
      const registryId = await registryIdOf(rig);
      const all = z.record(z.string(), ownService).parse(await consul(rig, '/agent/services'));
      const own = draw.shuffled(Object.values(all).filter(({ Meta }) => Meta['registry_id'] === registryId));
      const vanished = own.splice(0, draw.integer(0, 4));
      for (const { ID } of vanished) await consul(rig, `/agent/service/deregister/${encodeURIComponent(ID)}`, {});
      const changed = own.splice(0, draw.integer(0, 3));
      for (const { ID, Service, Meta } of changed)
        await consul(rig, '/agent/service/register', { ID, Name: Service, Meta: { ...Meta, content_hash: 'another' } });
      const ghosts = draw.integer(0, 3);
      for (let ghost = 0; ghost < ghosts; ghost += 1) {
        const Meta = { registry_id: registryId, node_id: `ghost-${ghost}`, content_hash: 'none' };
        await consul(rig, '/agent/service/register', { ID: `effect-ghost-${ghost}`, Name: 'ghost', Meta });
      }
      return `in Consul ${vanished.length} services vanished, ${changed.length} changed, ${ghosts} appeared`;
    },
  };
}

/** The agent starts again with nothing: no service, no check, not even the catalog. */
function dataLost(rig: Rig): Fault {
  return {
    name: 'Consul lost its data',
    targets: ['consul'],
    run: async (draw) => {
      const away = draw.integer(0, 2000);
      await rig.stack.consul.kill();
      await rm(join(rig.folder, 'stack', 'consul', 'data'), { recursive: true });
      await sleep(away);
      await rig.stack.consul.start();
      await registerStranger(rig);
      return `Consul lost its data, and was back after ${seconds(away)}`;
    },
  };
}

/** Everything that was ever said is delivered once more. */
function offsetsSetBack({ config }: Rig, members: readonly Member[]): Fault {
  return {
    name: 'offsets set back',
    targets: ['kafka', ...members.map(({ gateway }) => gateway.id)],
    run: async () => {
      await Promise.all(members.map(({ gateway }) => gateway.terminate()));
      const admin = new Kafka({ brokers: [...config.kafka.brokers], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      try {
        const { introspection, heartbeat, acknowledgement } = config.kafka.topics;
        for (const topic of [...introspection, ...heartbeat, ...acknowledgement]) {
          // Refused while the group still has a member.
          await until(
            'the offsets are set back',
            async () => {
              await admin.resetOffsets({ groupId: config.kafka.groupId, topic, earliest: true });
              return true;
            },
            { timeout: 20_000, interval: 500 },
          );
        }
      } finally {
        await admin.disconnect();
      }
      await Promise.all(members.map(({ gateway }) => gateway.start()));
      return 'all gateways asked to stop, every offset set back to the beginning, and all started again';
    },
  };
}

function linkCut({ gateway, links }: Member, backend: Backend): Fault {
  return {
    name: `link to ${backend} cut`,
    targets: [`${gateway.id} ${backend}`],
    run: async (draw) => {
      if (draw.chance(40)) {
        const times = draw.integer(1, 5);
        for (let time = 0; time < times; time += 1) {
          await links[backend].sever();
          await sleep(draw.integer(100, 1000));
        }
        return `every connection of ${gateway.id} to ${backend} cut, ${times} times`;
      }
      const away = draw.integer(500, 8000);
      await links[backend].cut();
      await sleep(away);
      await links[backend].heal();
      return `${gateway.id} without ${backend} for ${seconds(away)}`;
    },
  };
}

function linkPoisoned({ gateway, links }: Member, backend: Backend): Fault {
  return {
    name: `link to ${backend} stalls, slows or breaks half-way`,
    targets: [`${gateway.id} ${backend}`],
    run: async (draw) => {
      const toxic = drawToxic(draw);
      const away = draw.integer(1000, 8000);
      await links[backend].poison(toxic);
      await sleep(away);
      await links[backend].heal();
      const attributes = Object.entries(toxic.attributes).map(([name, value]) => `${name} ${value}`);
      return `${toxic.type} (${attributes.join(', ')}) ${toxic.stream} on ${toxic.toxicity * 100} % between ${gateway.id} and ${backend} for ${seconds(away)}`;
    },
  };
}

function drawToxic(draw: Draw): Toxic {
  const stream = draw.pick(['downstream', 'upstream'] as const);
  const toxicity = draw.pick([0.5, 1]);
  return draw.pick<Toxic>([
    // Nothing more arrives, and nobody says so.
    { type: 'timeout', stream, toxicity, attributes: { timeout: 0 } },
    // After so many bytes the connection ends: half-way through a request, or through its answer.
    { type: 'limit_data', stream, toxicity, attributes: { bytes: draw.integer(50, 20_000) } },
    { type: 'latency', stream, toxicity, attributes: { latency: draw.integer(100, 1500), jitter: 100 } },
    { type: 'slicer', stream, toxicity, attributes: { average_size: 100, size_variation: 90, delay: 1000 } },
    { type: 'bandwidth', stream, toxicity, attributes: { rate: draw.integer(2, 50) } },
    { type: 'reset_peer', stream, toxicity, attributes: { timeout: draw.integer(0, 500) } },
  ]);
}

function gatewayKilled({ gateway }: Member): Fault {
  return {
    name: 'gateway killed',
    targets: [gateway.id],
    run: async (draw) => {
      const away = draw.integer(0, 3000);
      await gateway.kill();
      await sleep(away);
      await gateway.start();
      return `${gateway.id} killed, started again after ${seconds(away)}`;
    },
  };
}

function gatewayRestarted({ gateway }: Member): Fault {
  return {
    name: 'gateway restarted',
    targets: [gateway.id],
    run: async (draw) => {
      await gateway.terminate();
      await sleep(draw.integer(0, 1500));
      await gateway.start();
      return `${gateway.id} asked to stop, and started again`;
    },
  };
}

function gatewayFrozen({ gateway }: Member): Fault {
  return {
    name: 'gateway stands still',
    targets: [gateway.id],
    run: async (draw) => {
      // Beyond the session timeout the others go on with its partitions, and it wakes up in the middle of its own work on them.
      const away = draw.integer(1000, 12_000);
      gateway.freeze();
      await sleep(away);
      gateway.thaw();
      return `${gateway.id} stood still for ${seconds(away)}`;
    },
  };
}

/** How long to wait for a gateway to come to a fail point, milliseconds. */
const PATIENCE = 6000;

function atFailPoint(member: Member): Fault {
  return {
    name: 'gateway dies at a fail point',
    targets: [member.gateway.id],
    run: (draw) => failAt(member, draw.pick(FAIL_POINTS), draw.pick(['kill', 'kill', 'freeze'] as const), draw),
  };
}

/** Resolves with null when the gateway did not come to that point in time. */
async function failAt({ gateway }: Member, point: FailPoint, drawn: Mishap, draw: Draw): Promise<string | null> {
  const pass = draw.integer(1, 4);
  const mishap = SEVERABLE.has(point) && draw.chance(30) ? 'sever' : drawn;
  if (!(await gateway.fails({ kind: 'arm', point, mishap, pass }, PATIENCE))) return null;
  const away = mishap === 'freeze' ? draw.integer(500, 9000) : draw.integer(0, 1500);
  await sleep(away);
  if (mishap === 'freeze') gateway.thaw();
  if (mishap === 'kill') await gateway.start();
  const what = { kill: 'died', freeze: `stood still for ${seconds(away)}`, sever: 'lost its connection to Postgres' }[mishap];
  return `${gateway.id} ${what} at the fail point "${point}" (pass ${pass})`;
}

/** The gateway dies the first time that it comes to the point, and is started again. */
export function deathAt({ gateway }: Member, point: FailPoint): Fault {
  return {
    name: `killed at "${point}"`,
    targets: [gateway.id],
    run: async () => {
      // Nothing is compensated unless Postgres takes no commit.
      if (COMPENSATION.has(point)) gateway.order({ kind: 'arm', point: 'before COMMIT', mishap: 'sever', pass: 'every' });
      if (!(await gateway.fails({ kind: 'arm', point, mishap: 'kill', pass: 1 }, PATIENCE))) return null;
      await gateway.start();
      return `${gateway.id} died at the fail point "${point}"`;
    },
  };
}

const COMPENSATION: ReadonlySet<FailPoint> = new Set<FailPoint>(['before compensation', 'compensated']);

function clockJump({ gateway }: Member): Fault {
  return {
    name: 'clock jumps',
    targets: [`${gateway.id} clock`],
    run: async (draw) => {
      const offset = draw.pick([-1, 1]) * draw.pick([draw.integer(1, 240), 600, 3600]) * 1000;
      const away = draw.integer(1000, 6000);
      gateway.order({ kind: 'clock', offset });
      await sleep(away);
      gateway.order({ kind: 'clock', offset: 0 });
      return `the clock of ${gateway.id} wrong by ${seconds(offset)} for ${seconds(away)}`;
    },
  };
}

function allKilled(members: readonly Member[]): Fault {
  return {
    name: 'all gateways killed',
    targets: members.map(({ gateway }) => gateway.id),
    run: async (draw) => {
      const away = draw.integer(0, 2000);
      await Promise.all(members.map(({ gateway }) => gateway.kill()));
      await sleep(away);
      await Promise.all(members.map(({ gateway }) => gateway.start()));
      return `all gateways killed, started again after ${seconds(away)}`;
    },
  };
}

function joinsAndLeaves({ gateway }: Member): Fault {
  return {
    name: 'a third gateway joins and leaves',
    targets: [gateway.id],
    run: async (draw) => {
      await gateway.start();
      await gateway.ready();
      await sleep(draw.integer(0, 4000));
      const isClean = draw.chance(60);
      await (isClean ? gateway.terminate() : gateway.kill());
      return `${gateway.id} joined, and ${isClean ? 'left' : 'was killed'}`;
    },
  };
}

function subscriberDrops(follower: Follower, index: number): Fault {
  return {
    name: 'a subscriber loses its connection',
    targets: [`subscriber ${index}`],
    run: async (draw) => {
      const times = draw.integer(1, 6);
      for (let time = 0; time < times; time += 1) {
        follower.drop();
        await sleep(draw.integer(50, 800));
      }
      return `subscriber ${index} lost its connection ${times} times`;
    },
  };
}
