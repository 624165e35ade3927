import type { ReportOutcome } from '../registry/registry.ts';
import type { Types } from './types.ts';

/** What the gateway's own probes found, and what came of a client's report. */
export function defineEjection({ builder, node, ejection, reportFailurePayload }: Types): void {
  ejection.implement({
    description:
      'An instance that this gateway leaves out of its answers, since it failed two probes at once. Other gateways judge for themselves; Consul and the change log do not hold it. Example: `{since: "2026-11-24T13:29:04.210Z", error: "http://10.0.3.17:8080/health: connect ECONNREFUSED 10.0.3.17:8080", successesNeeded: 2}`.',
    fields: (t) => ({
      since: t.field({
        type: 'DateTime',
        description: 'Since when it is left out. Example: `"2026-11-24T13:29:04.210Z"`.',
        resolve: ({ since }) => since,
      }),
      error: t.exposeString('error', {
        description: 'What the last failed probe found. Example: `"http://10.0.3.17:8080/health: no answer within 1000 ms"`.',
      }),
      failures: t.exposeInt('failures', {
        description: 'Probes in a row that failed; 0 while it recovers. Example: `7`.',
      }),
      successesNeeded: t.exposeInt('successesNeeded', {
        description:
          'Probes in a row that must still pass until it is handed out again: 2 in all the first time, twice as many each further time within 5 minutes, 16 at most. Example: `2`.',
      }),
      retryAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it is probed next; null while nobody asks for it. Example: `"2026-11-24T13:29:06.180Z"`.',
        resolve: ({ retryAt }) => retryAt,
      }),
    }),
  });
  const outcome = builder.enumType('ReportOutcome', {
    description: 'How an instance stands after a report. Example: `EJECTED`.',
    values: {
      ANSWERING: {
        value: 'ANSWERING',
        description: 'It answers the gateway, and is handed out as before. Example: the call failed for another reason.',
      },
      FAILING: {
        value: 'FAILING',
        description:
          'It does not answer, and is handed out all the same, since half of its service is left out already. Example: the third of four that die.',
      },
      EJECTED: {
        value: 'EJECTED',
        description: 'It does not answer, or has not recovered yet: it is not handed out. Example: its process was killed.',
      },
      UNKNOWN: {
        value: 'UNKNOWN',
        description:
          'It was not probed. Example: it announced no endpoint, it is not healthy, so nobody gets it, or PROBE_MAX_INSTANCES is 0.',
      },
    } as const satisfies Record<ReportOutcome, { value: ReportOutcome; description: string }>,
  });
  reportFailurePayload.implement({
    description:
      'What the gateway found when it looked. Example: `{probed: true, outcome: EJECTED, output: "… connect ECONNREFUSED 10.0.3.17:8080"}`.',
    fields: (t) => ({
      probed: t.exposeBoolean('probed', {
        description:
          'Whether it was probed for this report, or for another one of the same node within the second before. Example: `true`.',
      }),
      outcome: t.field({
        type: outcome,
        description: 'How it stands now. Example: `ANSWERING`.',
        resolve: (payload) => payload.outcome,
      }),
      output: t.exposeString('output', {
        nullable: true,
        description: 'What the probe found; null when there was none. Example: `"HTTP GET http://10.0.3.17:8080/health: 200"`.',
      }),
      node: t.field({
        type: node,
        description: 'The node as it now stands. Example: `node { health ejection { since } }`.',
        resolve: (payload) => payload.node,
      }),
    }),
  });
}
