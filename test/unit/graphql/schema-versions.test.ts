import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeBreaks, judgeFile } from '../../../src/graphql/check.ts';
import { schemaVersions } from '../../../src/graphql/schema-versions.ts';

const FILE = 'schema.graphql';
const WHOLE = 'type Query { a: Int b: Int }';
const HALF = 'type Query { a: Int }';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-schema-'));
});

afterEach(() => rm(folder, { recursive: true }));

function git(...args: string[]): string {
  const settings = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.org', '-c', 'init.defaultBranch=main'];
  // In a hook git's own variables name the repository that is tested.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  return execFileSync('git', ['-C', folder, ...settings, ...args], { encoding: 'utf8', stdio: 'pipe', env }).trim();
}

async function commit(schema: string, file = FILE): Promise<string> {
  await writeFile(join(folder, file), schema);
  git('add', file);
  git('commit', '--quiet', '--message', 'a version');
  return git('rev-parse', '--short', 'HEAD');
}

const judge = async (current: string, acknowledged: { what: string; why: string }[] = [], where = folder) =>
  judgeBreaks(await schemaVersions(where, FILE), current, acknowledged);

describe('the versions of the schema', () => {
  it('should be those of the first-parent path, the latest first, each content once', async () => {
    git('init', '--quiet');
    const first = await commit(WHOLE);
    const second = await commit(HALF);
    await commit('beside it', 'other.txt');
    await commit(WHOLE);
    git('checkout', '--quiet', '-b', 'side', first);
    await commit('type Query { b: Int }');
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--strategy', 'ours', '--no-edit', 'side');
    const versions = await schemaVersions(folder, FILE);
    expect(versions).toMatchObject({ history: 'whole', commits: 5 });
    expect(versions.history === 'none' ? [] : versions.versions.map(({ schema }) => schema)).toEqual([WHOLE, HALF]);
    expect(versions).toMatchObject({ versions: [{}, { commit: second }] });
  });
});

describe('the check of the schema', () => {
  it('should refuse a break in what is not committed yet, and in what is', async () => {
    git('init', '--quiet');
    const first = await commit(WHOLE);
    const refusal = { passes: false, lines: expect.arrayContaining([`BREAKING since ${first}: Query.b was removed.`]) };
    expect(await judge(HALF)).toEqual(refusal);
    await commit(HALF);
    await commit('beside it', 'other.txt');
    expect(await judge(HALF)).toEqual(refusal);
    expect(await judge(WHOLE)).toMatchObject({ passes: true });
  });

  it('should pass with what is acknowledged, and refuse what is acknowledged in vain', async () => {
    git('init', '--quiet');
    await commit(WHOLE);
    const known = { what: 'Query.b was removed.', why: 'Nobody used it.' };
    const passed = await judge(HALF, [known]);
    expect(passed.passes).toBe(true);
    expect(passed.lines).toContain('accepted: Query.b was removed. (Nobody used it.)');
    const spent = await judge(WHOLE, [known]);
    expect(spent.passes).toBe(false);
    expect(spent.lines.join('\n')).toContain('STALE: "Query.b was removed." does not occur');
  });

  it('should compare with what a shallow clone has, and refuse where that is nothing', async () => {
    git('init', '--quiet');
    await commit(WHOLE);
    await commit(HALF);
    const clone = (depth: number) => {
      git('clone', '--quiet', '--depth', String(depth), `file://${folder}`, join(folder, `depth-${depth}`));
      return join(folder, `depth-${depth}`);
    };
    const blind = await judge(HALF, [], clone(1));
    expect(blind).toMatchObject({ passes: false, lines: [expect.stringContaining('git fetch --unshallow')] });
    expect(await judge(HALF, [], clone(2))).toMatchObject({
      passes: false,
      lines: expect.arrayContaining([expect.stringMatching(/^BREAKING/)]),
    });
    await commit('beside it', 'other.txt');
    const early = { what: 'Query.c was removed.', why: 'The version that had it lies before the edge.' };
    git('clone', '--quiet', '--depth', '2', `file://${folder}`, join(folder, 'late'));
    expect(await judge(HALF, [early], join(folder, 'late'))).toMatchObject({ passes: true });
  });

  it('should say that an archive has nothing to compare with', async () => {
    await writeFile(join(folder, FILE), WHOLE);
    expect(await judge(HALF)).toMatchObject({ passes: true, lines: [expect.stringContaining('no git history')] });
    git('init', '--quiet');
    expect(await judge(HALF)).toMatchObject({ passes: true, lines: [expect.stringContaining('no git history')] });
  });

  it('should refuse a file that is not what the code says, or missing', () => {
    expect(judgeFile(WHOLE, WHOLE).passes).toBe(true);
    for (const file of [HALF, null]) {
      expect(judgeFile(file, WHOLE)).toEqual({ passes: false, lines: [expect.stringContaining('npm run schema')] });
    }
  });
});
