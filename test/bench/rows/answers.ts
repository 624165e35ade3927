import { z } from 'zod';
import { withCpuTime } from '../cpu-time.ts';
import { capabilityOf, type Fleet } from '../fleet.ts';
import type { Rig } from '../rig.ts';
import { httpLoad } from '../tasks/http-load.ts';
import type { World } from '../world.ts';

const CONNECTIONS = 32;
export const QUERY =
  'query Resolve($capability: String!) { healthyServices(capability: $capability) { nodeId serviceName address port url version } }';

const services = z.object({ healthyServices: z.array(z.looseObject({ nodeId: z.string() })) });

export interface Target {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

/** The question for the healthy instances of a fleet's first capability. */
export function question(world: World, fleet: Fleet, index = 0) {
  const body = JSON.stringify({ query: QUERY, variables: { capability: capabilityOf(fleet, index) } });
  return { url: `${world.gateway.url}/graphql`, method: 'POST', body } as const;
}

/** What the gateway answers to it. Throws when these are not as many instances. */
export async function answerWith(world: World, fleet: Fleet, instances: number) {
  const answer = await world.gateway.ask(services, QUERY, { capability: capabilityOf(fleet, 0) });
  const { length } = answer.healthyServices;
  if (length !== instances) throw new Error(`${length} instances instead of ${instances}`);
  return { data: answer };
}

/** As many answers as 32 connections get, and what each costs the process that gives it. Throws when one fails. */
export async function answersOf(rig: Rig, { load }: World, pid: number, target: Target) {
  const seconds = rig.seconds(5);
  const { result, cpu } = await withCpuTime(pid, () => load.run(httpLoad, { ...target, connections: CONNECTIONS, seconds }));
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${target.url} failed`);
  return { ...result, cpuMicroseconds: (cpu * 1000) / (result.perSecond * seconds) };
}
