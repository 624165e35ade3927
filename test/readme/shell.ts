import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Printed {
  /** Of the last command that failed; 0 when none did. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a stream is listened to, in seconds. Whoever pastes ends it with Ctrl-C. */
const LISTEN = 2;

/**
 * `curl -N` is a stream without an end; everything else has to succeed. A function, because steps define functions around curl.
 */
const PRELUDE = `
set -o pipefail
curl() {
  case " $* " in
    *" -sN "*) command curl --max-time ${LISTEN} "$@"; local code=$?; [ $code -eq 28 ] && code=0; return $code ;;
    *) command curl --max-time 20 "$@" ;;
  esac
}
`;

/**
 * Runs what a person would paste, one block after the other into one shell (bash), so that functions and variables last. Never rejects for a command
 * that fails: its code is in the answer.
 */
export async function paste(blocks: readonly string[], cwd: string, timeout: number): Promise<Printed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'discovery-gateway-paste-'));
  try {
    const script = blocks.map(
      (block, index) => `
failed=0
trap 'failed=$?' ERR
{
${block}
} >'${join(folder, `${index}.out`)}' 2>'${join(folder, `${index}.err`)}' </dev/null
echo "$failed" >'${join(folder, `${index}.code`)}'`,
    );
    await bash(`${PRELUDE}${script.join('\n')}\nexit 0\n`, cwd, timeout);
    return await Promise.all(
      blocks.map(async (_block, index) => {
        const read = (kind: string) => readFile(join(folder, `${index}.${kind}`), 'utf8');
        return { code: Number(await read('code')), stdout: await read('out'), stderr: await read('err') };
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

function bash(script: string, cwd: string, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` };
    const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], timeout });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the shell ended with ${signal ?? code}: ${complaint}`));
    });
  });
}
