import type { Rig } from '../rig.ts';
import { registerBare } from '../tasks/register-bare.ts';
import type { World } from '../world.ts';
import type { agentRequest } from './consul-requests.ts';

/** As the gateway has them. */
const CONNECTIONS = 32;

/** The yardstick of agent mode: an agent of its own, which holds the first `before` of the requests' services when the others come. */
export async function bareAgent(rig: Rig, world: World, requests: readonly ReturnType<typeof agentRequest>[], before: number) {
  const consul = await rig.emptyConsul();
  try {
    const { host, port } = consul.consul;
    return await world.load.run(registerBare, {
      origin: `http://${host}:${port}`,
      before: requests.slice(0, before),
      requests: requests.slice(before),
      connections: CONNECTIONS,
    });
  } finally {
    await consul.stop();
  }
}
