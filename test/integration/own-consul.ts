import { expect, inject } from 'vitest';
import { z } from 'zod';
import { until } from '../until.ts';
import type { ConsulAddress } from './stack.setup.ts';

/** A key that says which process works with a Consul, and on which file. */
const CLAIM = 'claimed-by-test-file';

const entries = z.array(z.object({ Value: z.string(), ModifyIndex: z.number() }));

export type OwnConsul = {
  readonly address: ConsulAddress;
  /** For the files to come. */
  readonly release: () => Promise<void>;
};

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function answer(url: string, request: RequestInit = {}): Promise<string> {
  const response = await fetch(url, request);
  return (await response.text()).trim();
}

/**
 * One of the Consuls of this run that no other file works with: there are as many as files run at a time. The number that Vitest gives a
 * worker would not tell, since two workers may have the same one after a change of project. A process that has died holds none.
 */
async function claim(): Promise<OwnConsul> {
  const { consuls } = inject('stack');
  const file = expect.getState().testPath ?? 'a test file';
  return until('a Consul of the run is free', async () => {
    const holders: string[] = [];
    for (const address of consuls) {
      // Somebody else's, which the files use one after the other: see vitest.config.ts.
      if (!address.owned) return { address, release: async () => undefined };
      const key = `http://${address.host}:${address.port}/v1/kv/${CLAIM}`;
      if ((await answer(`${key}?cas=0`, { method: 'PUT', body: `${process.pid} ${file}` })) === 'true') {
        return { address, release: async () => void (await answer(key, { method: 'DELETE' })) };
      }
      const [claimed] = entries.parse(JSON.parse((await answer(key)) || '[]'));
      if (claimed === undefined) continue;
      const holder = Buffer.from(claimed.Value, 'base64').toString();
      if (!isRunning(Number.parseInt(holder, 10))) await answer(`${key}?cas=${claimed.ModifyIndex}`, { method: 'DELETE' });
      holders.push(holder);
    }
    throw new Error(`taken by ${holders.join(', ')}`);
  });
}

export const ownConsul = await claim();
