import { Resolver } from 'node:dns/promises';
import { z } from 'zod';
import { clock } from '../clock.ts';
import type { Task } from '../task.ts';

const input = z.object({ server: z.string(), name: z.string(), count: z.number() });
/** Milliseconds of each, and how many records the last answer had. */
const output = z.object({ latencies: z.array(z.number()), records: z.number() });

/** One SRV question after the other. */
export const timeDns: Task<z.infer<typeof input>, z.infer<typeof output>> = {
  name: 'time DNS',
  input,
  output,
  async run({ server, name, count }) {
    const resolver = new Resolver();
    resolver.setServers([server]);
    const latencies: number[] = [];
    let records = 0;
    for (let index = 0; index < count; index++) {
      const askedAt = clock();
      records = (await resolver.resolveSrv(name)).length;
      latencies.push(clock() - askedAt);
    }
    return { latencies, records };
  },
};
