import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ACCEPTED_BREAKS, type AcceptedBreak } from './accepted-breaks.ts';
import { findBreaks } from './breaks.ts';
import { printedSchema } from './print.ts';
import { type SchemaVersions, schemaVersions } from './schema-versions.ts';

/** What the check has to say, and whether it lets the schema pass. */
export interface Verdict {
  readonly passes: boolean;
  readonly lines: readonly string[];
}

/** Whether the file is what the code says; null: there is no file. */
export function judgeFile(file: string | null, current: string): Verdict {
  if (file === current) return { passes: true, lines: ['schema.graphql is what src/graphql says'] };
  return { passes: false, lines: ['schema.graphql is not what src/graphql says. Run `npm run schema` and commit the result'] };
}

/** Whether clients written for an earlier version of the schema can live with the current one. */
export function judgeBreaks(earlier: SchemaVersions, current: string, acknowledged: readonly AcceptedBreak[]): Verdict {
  if (earlier.history === 'none') {
    return { passes: true, lines: ['not compared with earlier schemas: there is no git history here. A clone of the repository compares'] };
  }
  const { history, versions, commits } = earlier;
  if (history === 'cut' && commits < 2) {
    return {
      passes: false,
      lines: [
        'cannot compare with earlier schemas: this clone has the last commit only. Fetch the others (`git fetch --unshallow`; ' +
          '`fetch-depth: 0` in a workflow)',
      ],
    };
  }
  const { refused, accepted, stale, dangers } = findBreaks(versions, current, acknowledged);
  const lines = [
    `compared with ${versions.length} ${versions.length === 1 ? 'version' : 'versions'} of ${commits} commits`,
    ...dangers.map((what) => `note: ${what}`),
    ...accepted.map(({ what, why }) => `accepted: ${what} (${why})`),
    ...refused.map(({ what, commit }) => `BREAKING since ${commit}: ${what}`),
  ];
  if (refused.length > 0) {
    lines.push(
      'Clients in use may fail by that. Keep what they use, deprecated with a reason; or acknowledge it in src/graphql/accepted-breaks.ts',
    );
  }
  // Where the history is cut, the version that an entry was written for may lie before the edge.
  const isSpent = history === 'whole' && stale.length > 0;
  if (isSpent) lines.push(...stale.map(({ what }) => `STALE: "${what}" does not occur. Take it out of src/graphql/accepted-breaks.ts`));
  return { passes: refused.length === 0 && !isSpent, lines };
}

/** `npm run schema:check`. */
async function main(): Promise<void> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const file = await readFile(`${root}schema.graphql`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const current = printedSchema();
  const verdicts = [judgeFile(file, current), judgeBreaks(await schemaVersions(root, 'schema.graphql'), current, ACCEPTED_BREAKS)];
  for (const { passes, lines } of verdicts) {
    const stream = passes ? process.stdout : process.stderr;
    for (const line of lines) stream.write(`${line}\n`);
    if (!passes) process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
