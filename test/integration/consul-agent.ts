import { type MoreConsul, prepareConsul } from '../../src/local/consul.ts';
import { freePorts } from '../../src/local/stack.ts';
import { startAlone } from './lone-service.ts';

/** A real Consul agent of its own, on free ports, in the folder; `more` is added to its configuration. `stop` ends it. */
export async function startConsulAgent(folder: string, more: MoreConsul = {}) {
  const { consul: ports } = await freePorts();
  const stop = await startAlone(folder, (surroundings) => prepareConsul(ports, surroundings, more));
  return { host: '127.0.0.1', port: ports.http, dnsPort: ports.dns, owned: true, stop };
}
