import { mkdir, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { printChanges } from './change-printer.ts';
import { type Child, logTail } from './child.ts';
import { shortLogLine } from './gateway-log.ts';
import { ownToken } from './own-token.ts';
import { buildPage } from './page/build.ts';
import { freePort } from './port.ts';
import { startProgram } from './program.ts';
import type { Progress } from './progress.ts';
import { untilReady } from './readiness.ts';
import { rememberedPorts } from './remembered-ports.ts';
import { type Stack, startStack } from './stack.ts';
import { claimFolder } from './start-lock.ts';

export type TryItOptions = {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** The TypeScript files of the gateway and of the sample nodes. */
  readonly gateway: string;
  readonly samples: string;
  readonly progress: Progress;
  /** Ends it; everything is stopped in order then. */
  readonly signal: AbortSignal;
};

/** Milliseconds for the first answer, the migrations included. */
const GATEWAY_PATIENCE = 120_000;
const SAMPLES_STOP_PATIENCE = 3000;
/** The gateway promises to be gone within 10 s of SIGTERM. */
const GATEWAY_STOP_PATIENCE = 10_500;

/**
 * What `npm start` does: the services that are not configured, the gateway, the sample nodes; then their changes, line by line,
 * until the signal. Resolves when all of it is stopped again. Throws when something did not start, or the gateway ended by itself.
 */
export async function tryIt(options: TryItOptions): Promise<void> {
  const { root, env, progress, signal } = options;
  const folder = env['DISCOVERY_GATEWAY_DATA'] || join(root, '.data');
  await mkdir(folder, { recursive: true });
  const lockFile = join(folder, 'starter.lock');
  await claimFolder(lockFile, () => progress('start', 'waiting until the last run is cleaned up'));
  try {
    const page = buildOrGoOn(options);
    const ports = await rememberedPorts(join(folder, 'ports.json'));
    const stack = await startStack({ folder, temporary: false, env, ports, progress, signal });
    stack.guard.removeAtEnd(lockFile);
    try {
      await page;
      await runOn(stack, folder, options);
    } finally {
      progress('stop', 'stopping the services');
      await stack.stop();
      progress('stop', `everything is stopped; the data stays in ${folder}`);
    }
  } finally {
    await rm(lockFile, { force: true });
  }
}

/** Beside the services. Who has no page has the gateway all the same. */
async function buildOrGoOn({ root, progress, signal }: TryItOptions): Promise<void> {
  try {
    await buildPage({ root, progress, signal });
  } catch (error) {
    if (!signal.aborted) progress('dashboard', `${messageOf(error)}\nGoing on without a new one`);
  }
}

/** A program of ours that runs, and how many milliseconds its stop may take. */
type Running = { readonly what: string; readonly child: Child; readonly patience: number };

async function runOn(stack: Stack, folder: string, options: TryItOptions): Promise<void> {
  const { root, env, progress, signal } = options;
  const { guard } = stack;
  const servicePort = env['SERVICE_PORT'] || String(await gatewayPort(progress));
  const url = `http://${reachableHost(env['SERVICE_HOST'])}:${servicePort}`;
  const own = ownToken(env);
  // Consul's 30 s are for production: here somebody is watching.
  const programEnv = {
    CONSUL_CHECK_INTERVAL: '5s',
    SNAPSHOT_FILE: join(folder, 'registry.ndjson'),
    ...env,
    ...stack.env,
    ...own.env,
    SERVICE_PORT: servicePort,
  };
  const gatewayLog = join(folder, 'gateway.log');
  const samplesLog = join(folder, 'samples.log');
  const ended = new AbortController();
  const over = AbortSignal.any([signal, ended.signal]);
  const running: Running[] = [];
  const start = async (what: string, patience: number, entry: string, logFile: string, onLine?: (line: string) => void) => {
    progress('start', `starting ${what}`);
    const child = await startProgram({ entry, cwd: root, env: programEnv, logFile, guard, onLine });
    // The latest is stopped first: the goodbyes of the nodes still reach the gateway, and the next start finds no ghosts.
    running.unshift({ what, child, patience });
    return child;
  };
  try {
    signal.throwIfAborted();
    const gateway = await start('the gateway', GATEWAY_STOP_PATIENCE, options.gateway, gatewayLog, (line) => {
      const short = shortLogLine(line);
      if (short !== null) progress('gateway', short);
    });
    void gateway.exited.then(({ code, signal: by }) => ended.abort(new Error(`The gateway ended by itself (${by ?? `code ${code}`})`)));
    await untilReady(`${url}/health/ready`, GATEWAY_PATIENCE, over);
    progress('gateway', `ready: ${url}`);
    const printing = printChanges({ graphqlUrl: `${url}/graphql`, token: own.token, progress, signal: over });
    const samples = await start('the sample nodes', SAMPLES_STOP_PATIENCE, options.samples, samplesLog);
    void samples.exited.then(({ code }) => {
      if (!over.aborted) progress('nodes', `the sample nodes ended by themselves with code ${code}; see ${samplesLog}`);
    });
    for (const line of welcome(url, stack, gatewayLog, samplesLog)) progress('start', line);
    await aborted(over);
    await printing;
  } catch (error) {
    // What the end interrupts is no failure of its own.
    if (error !== over.reason) throw error;
  } finally {
    for (const { what, child, patience } of running) {
      if (child.running) progress('stop', `stopping ${what}`);
      await child.stop(patience);
    }
  }
  if (!signal.aborted) throw new Error(`${messageOf(ended.signal.reason)}. The end of ${gatewayLog}:\n${await logTail(gatewayLog, 10)}`);
}

async function gatewayPort(progress: Progress): Promise<number> {
  const usual = 8080;
  const port = await freePort(new Set(), usual);
  if (port !== usual) progress('gateway', `port ${usual} is taken, using ${port}; SERVICE_PORT chooses another`);
  return port;
}

/** Where a browser on this machine finds what listens there. */
function reachableHost(host: string | undefined): string {
  if (!host || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIP(host) === 6 ? `[${host}]` : host;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function welcome(url: string, { kafka, consul, postgres }: Stack, gatewayLog: string, samplesLog: string): string[] {
  return [
    '',
    `Dashboard    ${url}/`,
    `GraphiQL     ${url}/graphql`,
    `Health       ${url}/health`,
    `Consul       http://${consul.host}:${consul.port}/ui`,
    `Postgres     ${postgres.url ?? 'as configured'}`,
    `Kafka        ${kafka.url}`,
    `Logs         ${gatewayLog}, ${samplesLog}`,
    'Ctrl-C stops all of it.',
    '',
  ];
}
