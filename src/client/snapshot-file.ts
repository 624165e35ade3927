import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type RememberedSet, rememberedSet } from './remembered-set.ts';

const FORMAT = 'discovery-gateway/client-snapshot';
const VERSION = 1;

const header = z.object({ format: z.literal(FORMAT), version: z.number() });
const content = z.object({ urls: z.array(z.string()), sets: z.array(rememberedSet) });

/** The last known services in a file. */
export class SnapshotFile {
  readonly #path: string;
  readonly #urls: readonly string[];

  /** @param urls of the gateways: what other gateways said is none of ours */
  constructor(path: string, urls: readonly string[]) {
    this.#path = path;
    this.#urls = urls.toSorted();
  }

  /** Null when there is none. Throws Error saying why it cannot be used. */
  async read(): Promise<readonly RememberedSet[] | null> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
    const value: unknown = JSON.parse(text);
    const { version } = header.parse(value);
    if (version !== VERSION) throw new Error(`it has version ${version} of the format, and this client reads version ${VERSION}`);
    const { urls, sets } = content.parse(value);
    if (urls.join() !== this.#urls.join()) throw new Error(`it is of other gateways: ${urls.join(', ')}`);
    return sets;
  }

  /** Whole or not at all, even if the machine fails meanwhile. */
  async write(sets: readonly RememberedSet[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const unfinished = `${this.#path}.${randomUUID()}.tmp`;
    try {
      // Addresses of services are not for everybody on the machine.
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(JSON.stringify({ format: FORMAT, version: VERSION, urls: this.#urls, sets }));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, this.#path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }
}
