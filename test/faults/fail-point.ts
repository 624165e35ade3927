import { z } from 'zod';

/** The steps of the saga, and of what follows it, between which a gateway can die. In the order in which a message passes them. */
export const FAIL_POINTS = [
  'batch received',
  'nodes locked',
  'Consul register sent',
  'registered in Consul',
  'Consul deregister sent',
  'deregistered in Consul',
  'Consul done, nothing written',
  'before COMMIT',
  'COMMIT sent',
  'COMMIT answered',
  'batch done',
  'before the offset commit',
  'offsets committed',
  'before the changes topic',
  'changes published',
  'accepted said',
  'before the dead letter',
  'dead letter sent',
  'heartbeats stored',
  'before compensation',
  'compensated',
] as const;

export const failPoint = z.enum(FAIL_POINTS);
export type FailPoint = z.infer<typeof failPoint>;

/** Where a connection to Postgres can be broken: amid what it is there for. */
export const SEVERABLE: ReadonlySet<FailPoint> = new Set<FailPoint>(['before COMMIT', 'COMMIT sent']);

/** What happens there: the process is gone, it stands still until it is woken, or the connection to Postgres breaks. */
export const mishap = z.enum(['kill', 'freeze', 'sever']);
export type Mishap = z.infer<typeof mishap>;

/** What the rig tells a gateway process. */
export const order = z.discriminatedUnion('kind', [
  /** At the `pass`th time that it gets there, counted from now; or every time. */
  z.object({ kind: z.literal('arm'), point: failPoint, mishap, pass: z.union([z.number(), z.literal('every')]) }),
  z.object({ kind: z.literal('disarm') }),
  /** Its clock goes wrong by so many milliseconds. */
  z.object({ kind: z.literal('clock'), offset: z.number() }),
]);
export type Order = z.infer<typeof order>;
