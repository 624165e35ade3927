import { z } from 'zod';
import type { Service } from './service.ts';

/** The services of one request, as they were last known. */
export interface RememberedSet {
  readonly key: string;
  readonly services: readonly Service[];
  /** Until when this was known to be right. Milliseconds since 1970. */
  readonly asOf: number;
}

const service: z.ZodType<Service> = z.object({
  nodeId: z.string(),
  serviceName: z.string(),
  address: z.string().nullable(),
  port: z.number().nullable(),
  version: z.string().nullable(),
  url: z.string().nullable(),
  endpoints: z.record(z.string(), z.string()),
});

/** As it stands in a file. */
export const rememberedSet: z.ZodType<RememberedSet> = z.object({ key: z.string(), services: z.array(service), asOf: z.number() });
