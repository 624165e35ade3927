import { setTimeout as sleep } from 'node:timers/promises';
import { dataLost, drift, killed, offsetsSetBack, readOnly, sessionsTerminated, standsStill } from './back-end-faults.ts';
import type { Fault } from './fault.ts';
import type { Follower } from './follower.ts';
import { allKilled, atFailPoint, clockJump, gatewayFrozen, gatewayKilled, gatewayRestarted, joinsAndLeaves } from './gateway-faults.ts';
import { linkCut, linkPoisoned } from './link-faults.ts';
import { BACKENDS, type Member, type Rig } from './rig.ts';

/** Everything that can go wrong on this rig, where the `regular` gateways run all the time. */
export function catalogue(rig: Rig, regular: readonly Member[], followers: readonly Follower[]): Fault[] {
  const spare = rig.members.filter((member) => !regular.includes(member));
  return [
    ...BACKENDS.flatMap((backend) => [killed(rig, backend), standsStill(rig, backend)]),
    readOnly(rig),
    sessionsTerminated(rig),
    drift(rig),
    dataLost(rig),
    offsetsSetBack(rig, regular),
    ...regular.flatMap((member) => [
      ...BACKENDS.flatMap((backend) => [linkCut(member, backend), linkPoisoned(member, backend)]),
      gatewayKilled(member),
      gatewayRestarted(member),
      gatewayFrozen(member),
      atFailPoint(member),
      clockJump(member),
    ]),
    allKilled(regular),
    ...spare.map(joinsAndLeaves),
    ...followers.map((follower, index) => subscriberDrops(follower, index)),
  ];
}

function subscriberDrops(follower: Follower, index: number): Fault {
  return {
    name: 'a subscriber loses its connection',
    targets: [`subscriber ${index}`],
    run: async (draw) => {
      const times = draw.integer(1, 6);
      for (let time = 0; time < times; time += 1) {
        follower.drop();
        await sleep(draw.integer(50, 800));
      }
      return `subscriber ${index} lost its connection ${times} times`;
    },
  };
}
