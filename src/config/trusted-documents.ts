import { z } from 'zod';
import { optional } from './values.ts';

export const trustedDocumentsVariables = z.object({
  PERSISTED_OPERATIONS: z.enum(['off', 'allow', 'only']).default('off'),
  PERSISTED_OPERATIONS_FILE: optional,
});

export type TrustedDocumentsConfig = ReturnType<typeof trustedDocumentsConfig>;

export function trustedDocumentsConfig(e: z.output<typeof trustedDocumentsVariables>) {
  return { mode: e.PERSISTED_OPERATIONS, file: e.PERSISTED_OPERATIONS_FILE ?? null };
}

/** Every problem, beside what the types of the variables say. */
export function trustedDocumentsProblems(present: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (present['PERSISTED_OPERATIONS_FILE'] === undefined || present['PERSISTED_OPERATIONS'] !== undefined) return [];
  return ['PERSISTED_OPERATIONS_FILE is set, and PERSISTED_OPERATIONS is not: allow (beside other documents) or only'];
}
