import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { z } from 'zod';
import { until } from '../until.ts';
import { type Fault, seconds } from './fault.ts';
import type { Backend, Member, Rig } from './rig.ts';
import { consul, registerStranger, registryIdOf, withPostgres } from './truth.ts';

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

const ownService = z.object({ ID: z.string(), Service: z.string(), Meta: z.record(z.string(), z.string()) });

/** Somebody else's hand in Consul: services that vanish, that change, that lose their checks, and that nobody registered. */
export function drift(rig: Rig): Fault {
  return {
    name: 'drift in Consul',
    targets: ['consul'],
    run: async (draw) => {
      // Postgres may be away at the same time.
      const registryId = await until('Postgres tells the id of the registry', () => registryIdOf(rig), { timeout: 60_000, interval: 200 });
      const all = z.record(z.string(), ownService).parse(await consul(rig, '/agent/services'));
      const own = draw.shuffled(Object.values(all).filter(({ Meta }) => Meta['registry_id'] === registryId));
      const vanished = own.splice(0, draw.integer(0, 4));
      for (const { ID } of vanished) await consul(rig, `/agent/service/deregister/${encodeURIComponent(ID)}`, {});
      const changed = own.splice(0, draw.integer(0, 3));
      for (const { ID, Service, Meta } of changed)
        await consul(rig, '/agent/service/register', { ID, Name: Service, Meta: { ...Meta, content_hash: 'another' } });
      const unchecked = own.splice(0, draw.integer(0, 3)).map(({ ID }) => ID);
      const checks = z
        .record(z.string(), z.object({ CheckID: z.string(), ServiceID: z.string() }))
        .parse(await consul(rig, '/agent/checks'));
      for (const { CheckID, ServiceID } of Object.values(checks)) {
        if (unchecked.includes(ServiceID)) await consul(rig, `/agent/check/deregister/${encodeURIComponent(CheckID)}`, {});
      }
      const ghosts = draw.integer(0, 3);
      for (let ghost = 0; ghost < ghosts; ghost += 1) {
        const Meta = { registry_id: registryId, node_id: `ghost-${ghost}`, content_hash: 'none' };
        await consul(rig, '/agent/service/register', { ID: `effect-ghost-${ghost}`, Name: 'ghost', Meta });
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
