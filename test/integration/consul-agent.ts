import { mkdir } from 'node:fs/promises';
import { type MoreConsul, prepareConsul } from '../../src/local/consul.ts';
import { startGuard } from '../../src/local/guard.ts';
import { freePorts } from '../../src/local/stack.ts';

/** A real Consul agent of its own, on free ports, in the folder; `more` is added to its configuration. `stop` ends it. */
export async function startConsulAgent(folder: string, more: MoreConsul = {}) {
  await mkdir(folder, { recursive: true });
  const { consul: ports } = await freePorts();
  const guard = await startGuard();
  const surroundings = {
    env: process.env,
    guard,
    progress: () => undefined,
    folder,
    temporary: true,
    signal: new AbortController().signal,
  };
  const service = await prepareConsul(ports, surroundings, more);
  const stop = async () => {
    await service.stop();
    await guard.close();
  };
  try {
    await service.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: '127.0.0.1', port: ports.http, dnsPort: ports.dns, owned: true, stop };
}
