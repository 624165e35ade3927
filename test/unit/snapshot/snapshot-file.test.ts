import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toCursor } from '../../../src/registry/cursor.ts';
import type { RegistrySnapshot } from '../../../src/registry/ports.ts';
import { SnapshotFile } from '../../../src/snapshot/snapshot-file.ts';
import { T0 } from '../registry/fakes/messages.ts';
import { record } from '../registry/fakes/node-record.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-unit-'));
  path = join(folder, 'registry.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const snapshotFile = (different: Partial<{ path: string; environment: string; gatewayId: string }> = {}) =>
  new SnapshotFile({ path, gatewayId: 'gateway/1', environment: 'test', now: () => T0 + 5, ...different });

function snapshot(count: number): RegistrySnapshot {
  const nodes = Array.from({ length: count }, (_, index) =>
    record(`node-${index}`, { cursor: toCursor(index + 1), checkOutput: 'two\nlines\u2028and "more"', currentState: null }),
  );
  return { registryId: 'registry-1', cursor: toCursor(count + 7), asOf: T0, nodes };
}

/** What reading says of the file after its text was changed. */
async function problemAfter(change: (text: string) => string): Promise<string> {
  await snapshotFile().write(snapshot(3));
  await writeFile(path, change(await readFile(path, 'utf8')));
  return snapshotFile()
    .read()
    .then(
      () => 'none',
      (error: unknown) => String(error),
    );
}

describe('write and read', () => {
  it.each([0, 1, 250])('should give back %d nodes as they were', async (count) => {
    await snapshotFile().write(snapshot(count));
    expect(await snapshotFile().read()).toEqual(snapshot(count));
  });

  it('should replace the one before, and leave nothing beside it', async () => {
    await snapshotFile().write(snapshot(3));
    await snapshotFile().write(snapshot(1));
    expect((await snapshotFile().read())?.nodes).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['registry.ndjson']);
  });

  it('should make the folder where it is missing, and let nobody else read the file', async () => {
    path = join(folder, 'a', 'b', 'registry.ndjson');
    await snapshotFile().write(snapshot(1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('should say that there is none', async () => {
    expect(await snapshotFile().read()).toBeNull();
  });

  it('should let others have their turn after every hundred nodes', async () => {
    let printed = 0;
    let most = 0;
    const whole = snapshot(1000);
    const nodes = whole.nodes.map((node) => ({
      ...node,
      toJSON: () => {
        printed += 1;
        most = Math.max(most, printed);
        return node;
      },
    }));
    let writing = true;
    const turn = () => {
      printed = 0;
      if (writing) setImmediate(turn);
    };
    turn();
    await snapshotFile().write({ ...whole, nodes });
    writing = false;
    expect(most).toBe(100);
    expect(await snapshotFile().read()).toEqual(whole);
  });
});

describe('a failed write', () => {
  it('should throw, keep the one before, and remove what it had begun', async () => {
    await snapshotFile().write(snapshot(2));
    const cyclic = record('cyclic');
    const metadata: { [key: string]: string } = {};
    Object.defineProperty(metadata, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('disk full, say');
      },
    });
    const broken = { ...snapshot(150), nodes: [...snapshot(150).nodes, { ...cyclic, metadata }] };
    await expect(snapshotFile().write(broken)).rejects.toThrow('disk full');
    expect((await snapshotFile().read())?.nodes).toHaveLength(2);
    expect(await readdir(folder)).toEqual(['registry.ndjson']);
  });

  it('should throw where the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(snapshotFile({ path: join(folder, 'file', 'registry.ndjson') }).write(snapshot(1))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});

describe('what cannot be used', () => {
  it.each<[string, (text: string) => string, string]>([
    ['is empty', () => '', 'it is empty'],
    ['is something else', () => '{"name": "package"}\n', 'the first line is not what this version writes (format'],
    ['is no JSON', () => 'PK\u0003\u0004', 'the first line is not JSON'],
    [
      'is of a later version',
      (text) => text.replace('"version":1', '"version":2'),
      'version 2 of the format, and this gateway reads version 1',
    ],
    ['is of another environment', (text) => text.replace('"environment":"test"', '"environment":"prod"'), 'environment "prod"'],
    ['has no cursor', (text) => text.replace(/"cursor":10/, '"cursor":-1'), '(cursor:'],
    ['was cut within a line', (text) => text.slice(0, -30), 'line 4 is not JSON'],
    ['was cut between lines', (text) => text.split('\n').slice(0, 3).join('\n'), 'it holds 2 nodes instead of 3'],
    [
      'has a node that is none',
      (text) => text.replace('"state":"REGISTERED"', '"state":"GONE"'),
      'line 2 is not what this version writes (state:',
    ],
  ])('should be said when it %s', async (_what, change, problem) => {
    expect(await problemAfter(change)).toContain(problem);
  });

  it('should be said when it is a folder', async () => {
    await expect(snapshotFile({ path: folder }).read()).rejects.toThrow('EISDIR');
  });
});
