import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import { FAIL_POINTS, type FailPoint, type Mishap, SEVERABLE } from './fail-point.ts';
import { type Fault, seconds } from './fault.ts';
import type { Member } from './rig.ts';

export function gatewayKilled({ gateway }: Member): Fault {
  return {
    name: 'gateway killed',
    targets: [gateway.id],
    run: async (draw) => {
      const away = draw.integer(0, 3000);
      await gateway.kill();
      await sleep(away);
      await gateway.start();
      return `${gateway.id} killed, started again after ${seconds(away)}`;
    },
  };
}

export function gatewayRestarted({ gateway }: Member): Fault {
  return {
    name: 'gateway restarted',
    targets: [gateway.id],
    run: async (draw) => {
      await gateway.terminate();
      await sleep(draw.integer(0, 1500));
      await gateway.start();
      return `${gateway.id} asked to stop, and started again`;
    },
  };
}

export function gatewayFrozen({ gateway }: Member): Fault {
  return {
    name: 'gateway stands still',
    targets: [gateway.id],
    run: async (draw) => {
      // Beyond the session timeout the others go on with its partitions, and it wakes up in the middle of its own work on them.
      const away = draw.integer(1000, 12_000);
      gateway.freeze();
      await sleep(away);
      gateway.thaw();
      return `${gateway.id} stood still for ${seconds(away)}`;
    },
  };
}

/** How long to wait for a gateway to come to a fail point, milliseconds. */
const PATIENCE = 6000;

export function atFailPoint(member: Member): Fault {
  return {
    name: 'gateway dies at a fail point',
    targets: [member.gateway.id],
    run: (draw) => failAt(member, draw.pick(FAIL_POINTS), draw.pick(['kill', 'kill', 'freeze'] as const), draw),
  };
}

/** Resolves with null when the gateway did not come to that point in time. */
async function failAt({ gateway }: Member, point: FailPoint, drawn: Mishap, draw: Draw): Promise<string | null> {
  const pass = draw.integer(1, 4);
  const mishap = SEVERABLE.has(point) && draw.chance(30) ? 'sever' : drawn;
  if (!(await gateway.fails({ kind: 'arm', point, mishap, pass }, PATIENCE))) return null;
  const away = mishap === 'freeze' ? draw.integer(500, 9000) : draw.integer(0, 1500);
  await sleep(away);
  if (mishap === 'freeze') gateway.thaw();
  if (mishap === 'kill') await gateway.start();
  const what = { kill: 'died', freeze: `stood still for ${seconds(away)}`, sever: 'lost its connection to Postgres' }[mishap];
  return `${gateway.id} ${what} at the fail point "${point}" (pass ${pass})`;
}

/** The gateway dies the first time that it comes to the point, and is started again. */
export function deathAt({ gateway }: Member, point: FailPoint): Fault {
  return {
    name: `killed at "${point}"`,
    targets: [gateway.id],
    run: async () => {
      // Nothing is compensated unless Postgres takes no commit.
      if (COMPENSATION.has(point)) gateway.order({ kind: 'arm', point: 'before COMMIT', mishap: 'sever', pass: 'every' });
      if (!(await gateway.fails({ kind: 'arm', point, mishap: 'kill', pass: 1 }, PATIENCE))) return null;
      await gateway.start();
      return `${gateway.id} died at the fail point "${point}"`;
    },
  };
}

const COMPENSATION: ReadonlySet<FailPoint> = new Set<FailPoint>(['before compensation', 'compensated']);

export function clockJump({ gateway }: Member): Fault {
  return {
    name: 'clock jumps',
    targets: [`${gateway.id} clock`],
    run: async (draw) => {
      const offset = draw.pick([-1, 1]) * draw.pick([draw.integer(1, 240), 600, 3600]) * 1000;
      const away = draw.integer(1000, 6000);
      gateway.order({ kind: 'clock', offset });
      await sleep(away);
      gateway.order({ kind: 'clock', offset: 0 });
      return `the clock of ${gateway.id} wrong by ${seconds(offset)} for ${seconds(away)}`;
    },
  };
}

export function allKilled(members: readonly Member[]): Fault {
  return {
    name: 'all gateways killed',
    targets: members.map(({ gateway }) => gateway.id),
    run: async (draw) => {
      const away = draw.integer(0, 2000);
      await Promise.all(members.map(({ gateway }) => gateway.kill()));
      await sleep(away);
      await Promise.all(members.map(({ gateway }) => gateway.start()));
      return `all gateways killed, started again after ${seconds(away)}`;
    },
  };
}

export function joinsAndLeaves({ gateway }: Member): Fault {
  return {
    name: 'a third gateway joins and leaves',
    targets: [gateway.id],
    run: async (draw) => {
      await gateway.start();
      await gateway.ready();
      await sleep(draw.integer(0, 4000));
      const isClean = draw.chance(60);
      await (isClean ? gateway.terminate() : gateway.kill());
      return `${gateway.id} joined, and ${isClean ? 'left' : 'was killed'}`;
    },
  };
}
