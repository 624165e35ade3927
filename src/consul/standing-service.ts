import { z } from 'zod';
import type { AgentClient } from './agent-client.ts';
import { answerIn } from './consul-error.ts';

/** What the agent holds under one service id. */
export interface StandingService {
  readonly meta: Readonly<Record<string, string>>;
  readonly checks: readonly StandingCheck[];
}

export interface StandingCheck {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

const healthAnswer = z.object({
  body: z.object({
    Service: z.object({ Meta: z.record(z.string(), z.string()).nullish() }).nullable(),
    Checks: z.array(z.object({ CheckID: z.string(), Name: z.string(), Status: z.string() })).nullish(),
  }),
});

/** The service that stands on the agent, or null. `timeout` is milliseconds. Throws what the client threw. */
export async function readStanding(client: AgentClient, serviceId: string, timeout: number): Promise<StandingService | null> {
  const answer = await client.healthById(serviceId, timeout).catch((error: unknown) => {
    // This endpoint says warning, critical and unknown by the status 429, 503 and 404, with the same body. A 429 or 503 of another
    // kind (too many connections, no leader) has a text body and stays an error.
    const answered = answerIn(error);
    if (answered !== undefined && healthAnswer.safeParse(answered).success) return answered;
    throw error;
  });
  const { Service: service, Checks: checks } = healthAnswer.parse(answer).body;
  if (service === null) return null;
  return {
    meta: service.Meta ?? {},
    checks: (checks ?? []).map((check) => ({ id: check.CheckID, name: check.Name, status: check.Status })),
  };
}
