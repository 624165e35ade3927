import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exists, isAlive } from './cache.ts';

/** How long a guard needs at most to clean up after a starter that died: its patience of 8 s, and a bit. */
const CLEANING_MS = 12_000;

/**
 * Claims a data folder for this process: two starters on the same data would corrupt it. The lock file is removed by the
 * starter or, if that died, by its guard, when all services are gone; until then the next starter waits (`onWait`).
 * Throws when another starter is running.
 */
export async function claimFolder(lockFile: string, onWait: () => void, patience = CLEANING_MS): Promise<void> {
  const deadline = Date.now() + patience;
  for (let told = false; !(await create(lockFile)); told = true) {
    const holder = await holderOf(lockFile);
    if (holder !== null && holder !== process.pid && isAlive(holder)) {
      throw new Error(
        `It is running already as process ${holder}. Stop that one first, or set DISCOVERY_GATEWAY_DATA to another folder.\nIf process ${holder} is something else, remove ${lockFile}`,
      );
    }
    if (!told) onWait();
    // The machine may have gone down with it: then nobody will remove the file.
    if (Date.now() > deadline) await rm(lockFile, { force: true });
    await sleep(100);
  }
}

async function create(lockFile: string): Promise<boolean> {
  try {
    const file = await open(lockFile, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (await exists(lockFile)) return false;
    throw error;
  }
}

/** Null where the file went meanwhile, or is being written. */
async function holderOf(lockFile: string): Promise<number | null> {
  try {
    const pid = z.coerce
      .number()
      .int()
      .positive()
      .safeParse(await readFile(lockFile, 'utf8'));
    return pid.success ? pid.data : null;
  } catch (error) {
    if (await exists(lockFile)) throw error;
    return null;
  }
}
