import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { until } from '../until.ts';
import { ConsulHand } from './consul-hand.ts';
import { type Fault, seconds } from './fault.ts';
import type { Backend, Member, Rig } from './rig.ts';
import { registerStranger, registryIdOf, withPostgres } from './truth.ts';

export function killed({ stack }: Rig, backend: Backend): Fault {
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

export function standsStill({ stack }: Rig, backend: Backend): Fault {
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

export function readOnly(rig: Rig): Fault {
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

export function sessionsTerminated(rig: Rig): Fault {
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

/** Somebody else's hand in Consul: services that vanish, that change, that lose their checks, and that nobody registered. */
export function drift(rig: Rig): Fault {
  return {
    name: 'drift in Consul',
    targets: ['consul'],
    run: async (draw) => {
      // Postgres may be away at the same time.
      const registryId = await until('Postgres tells the id of the registry', () => registryIdOf(rig), { timeout: 60_000, interval: 200 });
      const hand = new ConsulHand(rig);
      const own = draw.shuffled(await hand.services());
      const vanished = own.splice(0, draw.integer(0, 4));
      for (const service of vanished) await hand.remove(service);
      const changed = own.splice(0, draw.integer(0, 3));
      for (const service of changed) await hand.put({ ...service, meta: { ...service.meta, content_hash: 'another' } });
      const unchecked = own.splice(0, draw.integer(0, 3));
      for (const service of unchecked) await hand.dropChecks(service);
      const ghosts = draw.integer(0, 3);
      const node = await hand.somePlace();
      for (let ghost = 0; ghost < ghosts; ghost += 1) {
        const meta = { registry_id: registryId, node_id: `ghost-${ghost}`, content_hash: 'none' };
        await hand.put({ id: `effect-ghost-${ghost}`, name: 'ghost', meta, node });
      }
      return `in Consul ${vanished.length} services vanished, ${changed.length} changed, ${unchecked.length} lost their checks, ${ghosts} appeared`;
    },
  };
}

/** The agent starts again with nothing: no service, no check, not even the catalog. */
export function dataLost(rig: Rig): Fault {
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
export function offsetsSetBack({ config }: Rig, members: readonly Member[]): Fault {
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
