import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { DENIED_BY_DEFAULT, EndpointRules } from '../events/endpoint-rules.ts';
import { list } from './values.ts';

/** Checked here, so that wrong rules are reported with all other problems. `known`: words that stand for rules. */
const endpointRules = (fallback: string, known: Readonly<Record<string, readonly string[]>> = {}) =>
  list(fallback).transform((words, context) => {
    const rules = words.flatMap((word) => known[word.toLowerCase()] ?? [word]);
    for (const rule of rules) {
      try {
        new EndpointRules([rule]);
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) });
      }
    }
    return rules;
  });

export const claimsVariables = z.object({
  ENDPOINT_ALLOW: endpointRules('*'),
  ENDPOINT_DENY: endpointRules('default', { default: DENIED_BY_DEFAULT, none: [] }),
});

export type ClaimsConfig = ReturnType<typeof claimsConfig>;

/** What nodes may claim: docs/claims.md. */
export function claimsConfig(e: z.output<typeof claimsVariables>) {
  return { endpoints: new EndpointRules(e.ENDPOINT_ALLOW, e.ENDPOINT_DENY) };
}
