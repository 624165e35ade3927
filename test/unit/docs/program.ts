import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A program as a page of docs/ has it, between fences. */
export interface DocumentedProgram {
  /** The heading above it, without marks. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

export interface RunningProgram {
  /** Everything that it wrote so far, on both streams. */
  readonly output: () => string;
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** The programs of a page that are meant to be run: those in sh and js. */
export function programsOf(page: string): readonly DocumentedProgram[] {
  const programs: DocumentedProgram[] = [];
  let heading = '';
  for (const [, title, language = '', text = ''] of page.matchAll(/^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$/gms)) {
    if (title !== undefined) heading = title.replaceAll('`', '');
    else if (language === 'sh' || language === 'js') programs.push({ heading, language, text });
  }
  return programs;
}

/** Runs it in a fresh folder that has the installed packages and nothing else, until it ends or the test does. */
export async function run({ language, text }: DocumentedProgram): Promise<RunningProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'documented-program-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await symlink(MODULES, join(folder, 'node_modules'));
  const file = join(folder, language === 'js' ? 'program.mjs' : 'program.sh');
  await writeFile(file, text);
  // In a group of its own, so that what a shell began ends with it.
  const child = spawn(language === 'js' ? process.execPath : 'sh', [file], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await exited;
  });
  return { output: () => output, exited };
}
