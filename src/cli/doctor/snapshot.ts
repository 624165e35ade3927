import { constants } from 'node:fs';
import { access, mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../errors.ts';
import { SnapshotFile } from '../../snapshot/snapshot-file.ts';
import { type Finding, findingsOf } from './finding.ts';
import { codeOf } from './reach.ts';

const { ok, warning, fault } = findingsOf('snapshot');

/** A fleet of 10,000 takes some 20 MB, and while one is written two are there. Bytes. */
const ROOM = 100 * 1024 * 1024;
const REMEDY = 'set SNAPSHOT_FILE to a file in a folder that this user may write to, or to none';

/** Whether the gateway could write its snapshot there. A file is made beside it, and removed. */
export async function checkSnapshot(path: string | null, environment: string, now: () => number): Promise<Finding[]> {
  if (path === null) {
    return [
      warning(
        'there is no snapshot (SNAPSHOT_FILE)',
        'a gateway that starts while Postgres is away answers nothing: name a file where that matters',
      ),
    ];
  }
  try {
    if ((await stat(path)).isDirectory()) return [fault(`SNAPSHOT_FILE: ${path} is a folder`, 'name a file in it')];
    await access(path, constants.R_OK);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') return [fault(`SNAPSHOT_FILE: ${messageOf(error)}`, REMEDY)];
  }
  const trial = `${path}.doctor-${process.pid}.tmp`;
  try {
    const made = await makeFolder(dirname(path));
    await writeFile(trial, 'x', { mode: 0o600, flag: 'wx' });
    await rm(trial);
    const findings = [await roomIn(dirname(path), path), await readable(path, environment, now)];
    // As it was before.
    if (made !== null) await rm(made, { recursive: true });
    return findings.filter((finding) => finding !== null);
  } catch (error) {
    return [fault(`SNAPSHOT_FILE: ${path} cannot be written: ${messageOf(error)}`, REMEDY)];
  }
}

/**
 * The first folder that had to be made; null where all were there. One by one: with `recursive`, Node tries for ever where the system says that
 * the parent is missing although it is there, as below /proc.
 */
async function makeFolder(folder: string): Promise<string | null> {
  try {
    await mkdir(folder);
    return folder;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null;
    const parent = dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder) throw error;
    const made = await makeFolder(parent);
    await mkdir(folder);
    return made ?? folder;
  }
}

async function roomIn(folder: string, path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const megabytes = `${Math.floor(free / 1024 / 1024)} MB`;
  if (free < ROOM) return warning(`${folder} has ${megabytes} left, for the snapshot`, 'make room, or set SNAPSHOT_FILE to another disk');
  return ok(`${path} can be written (${free >= 1024 * ROOM ? 'much room' : megabytes} left)`);
}

async function readable(path: string, environment: string, now: () => number): Promise<Finding | null> {
  try {
    const snapshot = await new SnapshotFile({ path, gatewayId: 'dgw-doctor', environment, now }).read();
    return snapshot === null
      ? null
      : ok(`the last snapshot holds ${snapshot.nodes.length} nodes, as of ${new Date(snapshot.asOf).toISOString()}`);
  } catch (error) {
    return warning(
      `the file that is there is no snapshot of this gateway: ${messageOf(error)}`,
      'the gateway would replace it: make sure that nobody else needs it',
    );
  }
}
