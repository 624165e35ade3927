import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import { type Child, type Command, logTail, startChild } from './child.ts';
import type { Guard } from './guard.ts';

/** A back end. Its address and data stay the same over every stop and start. */
export type Service = {
  readonly name: string;
  /** False where its address was configured: then it is not ours to stop or start, and the verbs below throw. */
  readonly owned: boolean;
  readonly logFile: string | null;
  readonly pid: number | null;
  /** Resolves when it really answers. Throws with the end of its log when it does not. */
  start(): Promise<void>;
  /** A clean stop; killed when it takes too long. */
  stop(): Promise<void>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: it accepts connections and answers nothing, like a hung machine. */
  pause(): void;
  resume(): void;
};

export type ServiceDefinition = {
  readonly name: string;
  readonly logFile: string;
  readonly command: Command;
  readonly stopSignal: NodeJS.Signals;
  /** Milliseconds that a clean stop may take. */
  readonly stopPatience: number;
  /** Milliseconds within which it must answer after a start. */
  readonly startPatience: number;
  /** How often a start that ends by itself is tried again. */
  readonly startAttempts: number;
  /** Throws while the service does not answer. */
  readonly probe: () => Promise<void>;
};

/** A service that is not started yet. */
export function defineService(definition: ServiceDefinition, guard: Guard): Service {
  const { name, logFile } = definition;
  let child: Child | null = null;
  const stopped = (): boolean => child === null || !child.running;
  const running = (verb: string): Child => {
    if (child === null || !child.running) throw new Error(`${name} is not running: it cannot be ${verb}`);
    return child;
  };
  return {
    name,
    owned: true,
    logFile,
    get pid() {
      return child?.running ? child.pid : null;
    },
    async start() {
      if (!stopped()) throw new Error(`${name} is running already`);
      for (let attempt = 1; ; attempt++) {
        const started = await startChild(definition.command, logFile, definition.stopSignal, guard);
        child = started;
        const silence = await untilAnswers(started, definition);
        if (silence === null) return;
        if (started.running) {
          await started.stop(definition.stopPatience);
          const patience = `${definition.startPatience / 1000} s`;
          throw new Error(`${name} did not answer within ${patience} (${silence}). ${await endOf(logFile)}`);
        }
        if (attempt >= definition.startAttempts) throw new Error(`${name} ended by itself while starting. ${await endOf(logFile)}`);
        await sleep(500);
      }
    },
    async stop() {
      if (child?.running) await child.stop(definition.stopPatience);
    },
    async kill() {
      const killed = running('killed');
      killed.signal('SIGKILL');
      await killed.exited;
    },
    pause: () => running('paused').signal('SIGSTOP'),
    resume: () => running('resumed').signal('SIGCONT'),
  };
}

/** A service somebody else runs, at a configured address. */
export function configuredService(name: string): Service {
  const refuse = () => {
    throw new Error(`${name} is configured by its address: it is not ours to control`);
  };
  return {
    name,
    owned: false,
    logFile: null,
    pid: null,
    start: async () => refuse(),
    // Stopping a whole stack leaves it alone.
    stop: async () => undefined,
    kill: async () => refuse(),
    pause: refuse,
    resume: refuse,
  };
}

/** Null once the probe succeeds; when the child ends or the patience does, why the last probe failed. */
async function untilAnswers(child: Child, { probe, startPatience }: ServiceDefinition): Promise<string | null> {
  const deadline = Date.now() + startPatience;
  let silence = 'it was never asked';
  while (child.running && Date.now() < deadline) {
    try {
      await probe();
      return null;
    } catch (error) {
      silence = messageOf(error);
    }
    await sleep(100);
  }
  return silence;
}

async function endOf(logFile: string): Promise<string> {
  return `The end of ${logFile}:\n${await logTail(logFile, 15)}`;
}
