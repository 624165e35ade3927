import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reachableDataFolder, reachableFolder, serviceUser } from '../../../src/local/service-user.ts';

/** Nobody that exists. */
const stranger = { name: 'stranger', uid: 54_321, gid: 54_321 };

let folder = '';
let shared = '';
let closed = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-user-'));
  shared = join(folder, 'shared');
  closed = join(folder, 'closed');
  await chmod(folder, 0o711);
  await mkdir(closed, { mode: 0o700 });
});

afterEach(() => rm(folder, { recursive: true }));

it('should run services as another user only where ours is root', async () => {
  const user = await serviceUser();
  if (process.getuid?.() === 0) expect(['postgres', 'nobody']).toContain(user?.name);
  else expect(user).toBeNull();
});

it('should use a folder that the user can enter as it is', async () => {
  const open = join(folder, 'open');
  await mkdir(open, { mode: 0o755 });
  expect(await reachableFolder(open, 'name', stranger, shared)).toBe(open);
  const own = { ...stranger, uid: process.getuid?.() ?? 0 };
  expect(await reachableFolder(closed, 'name', own, shared)).toBe(closed);
});

it('should use a shared folder instead of a closed one, unless others can write there', async () => {
  expect(await reachableFolder(closed, 'name', stranger, shared)).toBe(join(shared, 'name'));
  await chmod(shared, 0o777);
  await expect(reachableFolder(closed, 'name', stranger, shared)).rejects.toThrow('can be written by others');
});

it('should give data a place that names its owner, and remove it after the owner is gone', async () => {
  const data = await reachableDataFolder(closed, stranger, shared);
  expect(await readFile(join(data, 'owner'), 'utf8')).toBe(closed);
  expect(await reachableDataFolder(closed, stranger, shared)).toBe(data);
  const other = join(folder, 'other');
  await mkdir(other, { mode: 0o700 });
  const second = await reachableDataFolder(other, stranger, shared);
  expect(second).not.toBe(data);
  await rm(closed, { recursive: true });
  await reachableDataFolder(other, stranger, shared);
  expect((await readdir(shared)).map((name) => join(shared, name))).toEqual([second]);
});
