import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { cursor, nodeImage } from '../registry/node-image.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import type { Clock, RegistrySnapshot, SnapshotStore } from '../registry/ports.ts';

const FORMAT = 'discovery-gateway/snapshot';
const VERSION = 1;

/** Nodes printed at a stretch, which takes 1 to 2 ms; then others have their turn. 10,000 at once would hold them up for some 100 ms. */
const STRETCH = 100;

/** The first line. Times are milliseconds since 1970. */
const header = z.object({
  registryId: z.string().min(1),
  environment: z.string(),
  cursor,
  asOf: z.number(),
  writtenAt: z.number(),
  nodes: z.number().int().nonnegative(),
});
const kind = z.object({ format: z.literal(FORMAT), version: z.number() });

export interface SnapshotFileOptions {
  readonly path: string;
  /** Written beside the file until it is whole, under a name that two gateways with one path by mistake do not share. */
  readonly gatewayId: string;
  /** KAFKA_ENVIRONMENT: the snapshot of another environment is none of ours. */
  readonly environment: string;
  readonly now: Clock;
}

/** The registry in a file: a line with what it is, then a line for each node, as JSON. */
export class SnapshotFile implements SnapshotStore {
  readonly #options: SnapshotFileOptions;

  constructor(options: SnapshotFileOptions) {
    this.#options = options;
  }

  async read(): Promise<RegistrySnapshot | null> {
    const file = await this.#openForReading();
    if (file === null) return null;
    try {
      return await this.#parse(file);
    } finally {
      await file.close();
    }
  }

  async write(snapshot: RegistrySnapshot): Promise<void> {
    const { path, gatewayId } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${encodeURIComponent(gatewayId)}.tmp`;
    try {
      // Nodes announce metadata that is not for everybody on the machine.
      const file = await open(unfinished, 'w', 0o600);
      try {
        for (const stretch of this.#print(snapshot)) await file.appendFile(stretch);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async #openForReading(): Promise<FileHandle | null> {
    try {
      return await open(this.#options.path, 'r');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  async #parse(file: FileHandle): Promise<RegistrySnapshot> {
    let found: z.infer<typeof header> | null = null;
    const nodes: NodeRecord[] = [];
    for await (const line of file.readLines({ autoClose: false })) {
      if (found === null) found = this.#parseHeader(line);
      else nodes.push(parseLine(line, nodeImage, `line ${nodes.length + 2}`));
    }
    if (found === null) throw new Error('it is empty');
    if (nodes.length !== found.nodes) throw new Error(`it holds ${nodes.length} nodes instead of ${found.nodes}: it was cut short`);
    return { registryId: found.registryId, cursor: found.cursor, asOf: found.asOf, nodes };
  }

  #parseHeader(line: string): z.infer<typeof header> {
    const { version } = parseLine(line, kind, 'the first line');
    if (version !== VERSION) throw new Error(`it has version ${version} of the format, and this gateway reads version ${VERSION}`);
    const found = parseLine(line, header, 'the first line');
    const { environment } = this.#options;
    if (found.environment !== environment)
      throw new Error(`it is of the environment "${found.environment}", and this one is "${environment}"`);
    return found;
  }

  *#print({ nodes, registryId, cursor: head, asOf }: RegistrySnapshot): Generator<string, void, undefined> {
    const { environment, now } = this.#options;
    const about: z.input<typeof kind> & z.input<typeof header> = {
      format: FORMAT,
      version: VERSION,
      registryId,
      environment,
      cursor: head,
      asOf,
      writtenAt: now(),
      nodes: nodes.length,
    };
    yield `${JSON.stringify(about)}\n`;
    for (let start = 0; start < nodes.length; start += STRETCH) {
      yield nodes
        .slice(start, start + STRETCH)
        .map((node) => `${JSON.stringify(node)}\n`)
        .join('');
    }
  }
}

/** Throws Error saying what is wrong with the line. */
function parseLine<T>(line: string, shape: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(`${where} is not JSON: it was cut short, or is no snapshot`, { cause: error });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${where} is not what this version writes (${issue?.path.join('.') || 'all of it'}: ${issue?.message ?? 'unknown'})`);
}
