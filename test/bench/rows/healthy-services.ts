import { atMost, ratioAtLeast } from '../bar.ts';
import { serviceNameOf } from '../fleet.ts';
import type { Row } from '../row.ts';
import { median } from '../statistics.ts';
import { bareHttp } from '../tasks/bare-http.ts';
import { answersOf, answerWith, question, type Target } from './answers.ts';

const INSTANCES = 10;

/** How many answers one gateway gives in a second, with ten instances in each. */
export const healthyServices: Row = {
  name: 'healthy-services',
  title: '`healthyServices` (10 instances, 6 fields), 32 connections',
  async measure(rig) {
    const world = await rig.world('small');
    const fleet = world.checkedFleet('hundred', INSTANCES);
    await world.populate(fleet, rig.size(100, INSTANCES));
    const gateway = question(world, fleet);
    const consul = { url: world.consulUrl(`/health/service/${serviceNameOf(fleet, 0)}?passing`), method: 'GET' } as const;
    const { url } = await world.yardstick.run(bareHttp, { answer: await answerWith(world, fleet, INSTANCES) });
    const bare = { ...gateway, url };

    const consulPid = world.consulStack.consul.pid ?? process.pid;
    const ask = (pid: number, target: Target) => answersOf(rig, world, pid, target);
    await ask(world.gateway.pid, gateway);
    const rounds = await rig.inRounds(async () => ({
      gateway: await ask(world.gateway.pid, gateway),
      consul: await ask(consulPid, consul),
      bare: await ask(world.yardstick.pid, bare),
    }));
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
      {
        what: 'computing for an answer',
        figure: median(rounds.map((round) => round.gateway.cpuMicroseconds)),
        unit: 'µs',
        yardstick: { what: 'bare node:http', figure: median(rounds.map((round) => round.bare.cpuMicroseconds)) },
      },
    ];
  },
};
