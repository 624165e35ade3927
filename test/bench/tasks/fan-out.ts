import { z } from 'zod';
import { until } from '../../until.ts';
import { clock } from '../clock.ts';
import { announcement, fleet, nodeId } from '../fleet.ts';
import { producing } from '../kafka.ts';
import { LightSocket } from '../light-socket.ts';
import { subscribersOf, untilSubscribers } from '../subscribers.ts';
import type { Task } from '../task.ts';

const input = z.object({
  url: z.string(),
  sockets: z.number(),
  /** So many more subscribe and then read nothing. */
  hanging: z.number(),
  changes: z.number(),
  /** Whose nodes appear, from which number on. */
  fleet,
  from: z.number(),
  /** Where they announce themselves; null: what the subscribers shall get is posted to the server instead, as this text with the node's id in it. */
  kafka: z.object({ brokers: z.array(z.string()), topic: z.string() }).nullable(),
  message: z.string(),
});

const output = z.object({
  /** For each change, milliseconds from its announcement until the last subscriber that reads had it. */
  last: z.array(z.number()),
  /** One message as it arrived. */
  message: z.string(),
});

const QUERY = 'subscription { registrationChanges { cursor type nodeId reason node { name version serviceName health capabilities } } }';
/** Sockets that are opened at the same time. */
const OPENING = 50;

/** One change after the other, each once all subscribers have the one before. */
export const fanOut: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'fan-out',
  input,
  output,
  async run({ url, sockets: count, hanging, changes, fleet: nodes, from, kafka, message }) {
    let awaited = Buffer.from('nothing yet');
    let arrived = 0;
    let lastAt = 0;
    let received = '';
    const onText = (text: Buffer) => {
      if (!text.includes(awaited)) return;
      arrived += 1;
      if (arrived < count) return;
      lastAt = clock();
      received = text.toString();
    };
    const standing = await subscribersOf(url);
    const sockets: LightSocket[] = [];
    let opening = 0;
    // Spread evenly among the others.
    const hangingUntil = (nth: number) => Math.floor((nth * hanging) / (count + hanging));
    const open = async () => {
      while (opening < count + hanging) {
        opening += 1;
        const isHanging = hangingUntil(opening) > hangingUntil(opening - 1);
        const socket = await LightSocket.open(url, onText);
        sockets.push(socket);
        socket.subscribe(QUERY);
        if (isHanging) socket.hang();
      }
    };
    await Promise.all(Array.from({ length: Math.min(OPENING, count + hanging) }, open));
    await untilSubscribers(url, standing + count + hanging);
    const last: number[] = [];
    const change = async (id: string, cause: () => Promise<unknown>) => {
      awaited = Buffer.from(id);
      arrived = 0;
      lastAt = 0;
      const startedAt = clock();
      await cause();
      await until(`all ${count} subscribers have ${id}`, () => lastAt > 0, { timeout: 30_000, interval: 2 });
      last.push(lastAt - startedAt);
    };
    const indexes = Array.from({ length: changes }, (_, index) => from + index);
    if (kafka === null) {
      for (const index of indexes) {
        const id = nodeId(nodes, index);
        await change(id, () => fetch(url, { method: 'POST', body: message.replaceAll('NODE_ID', id) }));
      }
    } else {
      const { brokers, topic } = kafka;
      await producing(brokers, async (producer) => {
        for (const index of indexes) {
          await change(nodeId(nodes, index), () => producer.send({ topic, messages: [announcement(nodes, index)] }));
        }
      });
    }
    for (const socket of sockets) socket.close();
    await untilSubscribers(url, standing);
    return { last, message: received };
  },
};
