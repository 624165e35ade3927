import { z } from 'zod';
import { atMost, ratioAtLeast } from '../bar.ts';
import { capabilityOf, serviceNameOf } from '../fleet.ts';
import type { Rig } from '../rig.ts';
import type { Measurement, Row } from '../row.ts';
import { median } from '../statistics.ts';
import { bareHttp } from '../tasks/bare-http.ts';
import { httpLoad } from '../tasks/http-load.ts';
import type { World } from '../world.ts';

const CONNECTIONS = 32;
const INSTANCES = 10;
const QUERY =
  'query Resolve($capability: String!) { healthyServices(capability: $capability) { nodeId serviceName address port url version } }';

const services = z.object({ healthyServices: z.array(z.object({ nodeId: z.string() })) });

/** How many answers one gateway gives in a second, with ten instances in each. */
export const healthyServices: Row = {
  name: 'healthy-services',
  title: '`healthyServices` (10 instances, 6 fields), 32 connections',
  async measure(rig) {
    const world = await rig.world('small');
    const fleet = world.checkedFleet('hundred', INSTANCES);
    await world.populate(fleet, rig.size(100, INSTANCES));
    const body = JSON.stringify({ query: QUERY, variables: { capability: capabilityOf(fleet, 0) } });
    const gateway = { url: `${world.gateway.url}/graphql`, method: 'POST', body } as const;
    const consul = { url: world.consulUrl(`/health/service/${serviceNameOf(fleet, 0)}?passing`), method: 'GET' } as const;
    const answer = await world.gateway.ask(services.loose(), QUERY, { capability: capabilityOf(fleet, 0) });
    if (answer.healthyServices.length !== INSTANCES) throw new Error(`${answer.healthyServices.length} instances instead of ${INSTANCES}`);
    const { url } = await world.yardstick.run(bareHttp, { answer: { data: answer } });
    const bare = { ...gateway, url };

    const ask = (target: Target) => askedFor(rig, world, target);
    await ask(gateway);
    const rounds = await rig.inRounds(async () => ({ gateway: await ask(gateway), consul: await ask(consul), bare: await ask(bare) }));
    const perSecond = (of: 'gateway' | 'consul' | 'bare') => median(rounds.map((round) => round[of].perSecond));
    const figure = perSecond('gateway');
    return [
      {
        what: 'answers',
        figure,
        unit: '/s',
        yardstick: { what: 'Consul, GET /v1/health/service/x?passing', figure: perSecond('consul') },
        bar: ratioAtLeast(2.5),
      },
      { what: 'answers', figure, unit: '/s', yardstick: { what: 'bare node:http', figure: perSecond('bare') }, bar: ratioAtLeast(0.45) },
      {
        what: 'p99 of an answer',
        figure: median(rounds.map((round) => round.gateway.p99)),
        unit: 'ms',
        yardstick: { what: 'bare node:http', figure: median(rounds.map((round) => round.bare.p99)) },
        bar: atMost(5),
      },
    ] satisfies readonly Measurement[];
  },
};

interface Target {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

async function askedFor(rig: Rig, { load }: World, target: Target) {
  const result = await load.run(httpLoad, { ...target, connections: CONNECTIONS, seconds: rig.seconds(5) });
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${target.url} failed`);
  return result;
}
