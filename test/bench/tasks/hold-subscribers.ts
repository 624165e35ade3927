import { z } from 'zod';
import { LightSocket } from '../light-socket.ts';
import type { Task } from '../task.ts';

const input = z.object({ url: z.string(), sockets: z.number() });
const output = z.object({});

/** Subscribers on sockets of their own, until the process ends. */
export const holdSubscribers: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'hold subscribers',
  input,
  output,
  async run({ url, sockets }) {
    for (let index = 0; index < sockets; index++) {
      const socket = await LightSocket.open(url, () => undefined);
      socket.subscribe('subscription { registrationChanges { cursor type nodeId reason node { name version health } } }');
    }
    return {};
  },
};
