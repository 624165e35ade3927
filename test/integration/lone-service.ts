import { mkdir } from 'node:fs/promises';
import { startGuard } from '../../src/local/guard.ts';
import type { Service } from '../../src/local/service.ts';
import type { Surroundings } from '../../src/local/surroundings.ts';

/** One real service beside the stack, with its data in the folder. Returns what ends it; it is ended, too, where it does not start. */
export async function startAlone(folder: string, prepare: (surroundings: Surroundings) => Promise<Service>): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const guard = await startGuard();
  let service: Service | null = null;
  const stop = async () => {
    await service?.stop();
    await guard.close();
  };
  try {
    const surroundings = {
      env: process.env,
      guard,
      progress: () => undefined,
      folder,
      temporary: true,
      signal: new AbortController().signal,
    };
    service = await prepare(surroundings);
    await service.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
