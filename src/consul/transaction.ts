import { z } from 'zod';
import type { AgentClient } from './agent-client.ts';
import { answerIn } from './consul-error.ts';

/** Operations that Consul takes in one transaction (measured on 1.19.2: 129 are refused). */
export const MAX_OPERATIONS = 128;
/** Bytes of one transaction: below `limits.txn_max_req_len`, 512 KiB by default, with room for what surrounds the values. */
export const MAX_BYTES = 400_000;

/** A value as Consul's API spells it. */
export type Wire = { readonly [key: string]: unknown };

/** One operation of `/v1/txn`. `cas` with the index 0 means: only where there is none. */
export type Operation =
  | { readonly node: { readonly verb: 'set'; readonly node: Wire } }
  | { readonly service: { readonly verb: 'get' | 'cas' | 'delete-cas'; readonly node: string; readonly service: Wire } }
  | { readonly check: { readonly verb: 'get' | 'cas' | 'delete-cas'; readonly check: Wire } };

/** Why an operation, and with it the whole transaction, did not happen. */
export interface OperationError {
  readonly index: number;
  readonly what: string;
}

const resultSchema = z.object({
  Service: z
    .object({
      ID: z.string(),
      Service: z.string(),
      Meta: z.record(z.string(), z.string()).nullish(),
      ModifyIndex: z.number(),
    })
    .nullish(),
  Check: z
    // Only what a transaction takes as well as gives: it refuses the other fields of its own answers (1.19.2: "unknown field").
    .object({
      CheckID: z.string(),
      Name: z.string(),
      Status: z.string(),
      Output: z.string(),
      Notes: z.string(),
      ServiceID: z.string(),
      ModifyIndex: z.number(),
      Definition: z.looseObject({ HTTP: z.string().optional(), TCP: z.string().optional() }),
    })
    .nullish(),
});
export type OperationResult = z.output<typeof resultSchema>;
export type WireCheck = NonNullable<OperationResult['Check']>;

const done = z.object({ body: z.object({ Results: z.array(resultSchema).nullish() }) });
const failed = z.object({ Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })).min(1) });

/** All of the operations or none: the results, or the errors of those that were in the way. `timeout` is milliseconds. Throws what the client threw. */
export async function transact(
  client: AgentClient,
  operations: readonly Operation[],
  timeout: number,
): Promise<{ readonly results: readonly OperationResult[] } | { readonly errors: readonly OperationError[] }> {
  try {
    return { results: done.parse(await client.transact(operations, timeout)).body.Results ?? [] };
  } catch (error) {
    const answer = answerIn(error);
    const refused = failed.safeParse(answer?.body);
    if (answer?.status !== 409 || !refused.success) throw error;
    return { errors: refused.data.Errors.map(({ OpIndex: index, What: what }) => ({ index, what })) };
  }
}
