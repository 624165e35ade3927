import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { until } from '../../until.ts';
import { announcement, fleet, heartbeat } from '../fleet.ts';
import { type Outgoing, producing } from '../kafka.ts';
import { LightSocket } from '../light-socket.ts';
import { subscribersOf, untilSubscribers } from '../subscribers.ts';
import type { Task } from '../task.ts';

const input = z.object({
  brokers: z.array(z.string()),
  topics: z.object({ introspection: z.string(), heartbeat: z.string() }),
  /** Of the gateway. */
  url: z.string(),
  fleet,
  /** So many nodes come and go, the same each time. */
  nodes: z.number(),
  /** Subscribers that come and go with them. */
  subscribers: z.number(),
  /** For so long, and at least once. */
  seconds: z.number(),
  /** From one coming to the next, at the least. */
  pace: z.number(),
  /** Milliseconds until what was said last must have been seen. */
  patience: z.number(),
});

const output = z.object({ rounds: z.number() });

const SUBSCRIPTION = 'subscription { registrationChanges { cursor type nodeId reason node { name version health } } }';
const change = /"type":"(\w+)","nodeId":"([^"]+)"/;

/** Nodes announce themselves, send heartbeats, say goodbye and come again, and so do subscribers. At the end none of them is left. */
export const churn: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'churn',
  input,
  output,
  async run({ brokers, topics, url, fleet: of, nodes, subscribers, seconds, pace, patience }) {
    const here = new Set<string>();
    const standing = await subscribersOf(url);
    const watcher = await LightSocket.open(url, (text) => {
      const [, type, id = ''] = change.exec(text.toString()) ?? [];
      if (type === 'ADDED') here.add(id);
      else here.delete(id);
    });
    watcher.subscribe('subscription { registrationChanges(filter: { changeTypes: [ADDED, REMOVED] }) { type nodeId } }');
    await untilSubscribers(url, standing + 1);
    const rounds = await producing(brokers, async (producer) => {
      const everybody = (topic: string, say: (index: number) => Outgoing) =>
        producer.send({ topic, messages: Array.from({ length: nodes }, (_, index) => say(index)) });
      const end = performance.now() + seconds * 1000;
      let done = 0;
      do {
        const next = performance.now() + pace * 1000;
        const sockets: LightSocket[] = [];
        for (let index = 0; index < subscribers; index++) sockets.push(await LightSocket.open(url, () => undefined));
        for (const socket of sockets) socket.subscribe(SUBSCRIPTION);
        await everybody(topics.introspection, (index) => announcement(of, index, { edition: done }));
        await until('all nodes have come', () => here.size === nodes, { timeout: patience, interval: 5 });
        await everybody(topics.heartbeat, (index) => heartbeat(of, index));
        await everybody(topics.introspection, (index) => announcement(of, index, { edition: done, reason: 'shutdown' }));
        for (const socket of sockets) socket.close();
        await until('all nodes have gone', () => here.size === 0, { timeout: patience, interval: 5 });
        done += 1;
        await sleep(Math.max(0, Math.min(next, end) - performance.now()));
      } while (performance.now() < end);
      return done;
    });
    watcher.close();
    await untilSubscribers(url, standing);
    return { rounds };
  },
};
