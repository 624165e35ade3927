import { z } from 'zod';

const moment = z.iso.datetime({ offset: true });

/** How far a gateway's answers can be trusted. */
export const statusAnswer = z.object({
  registryStatus: z.object({
    stale: z.boolean(),
    asOf: moment,
    source: z.string(),
    cursor: z.string(),
    nodes: z.number(),
    backends: z.array(z.object({ name: z.string(), available: z.boolean(), circuit: z.string(), since: moment })),
  }),
});
