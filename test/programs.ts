import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** What a program looks for beside its sources. */
const BESIDE = ['package.json', 'node_modules', 'drizzle', 'dist'];

/**
 * Compiles what tests run as processes of their own (tsconfig.programs.json names it) into a folder, as production runs it: loading the
 * sources takes each process 1.3 s of CPU more, and a run starts nearly a hundred. Throws with what the compiler says.
 */
export async function compilePrograms(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(BESIDE.map((name) => symlink(join(ROOT, name), join(folder, name))));
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(ROOT, 'test', 'tsconfig.programs.json'), '--outDir', folder]).catch(
    ({ stdout, message }: Error & { readonly stdout?: string }) => {
      throw new Error(`The programs of the tests do not compile: ${stdout || message}`);
    },
  );
}

/** The compiled file of a source, such as `src/main.ts`. */
export function compiledProgram(folder: string, source: string): string {
  return join(folder, source.replace(/\.ts$/, '.js'));
}
