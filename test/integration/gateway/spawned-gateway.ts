import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { readConfig } from '../../../src/config.ts';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';
import { program } from '../stack.ts';
import { GatewayClient } from './running-gateway.ts';

/** Gateways as processes of their own, as in production. */
export class SpawnedGateways {
  readonly #children: ChildProcess[] = [];

  /** Starts one with nothing in its environment but what is given. */
  spawn(env: Record<string, string>) {
    const child = spawn(process.execPath, [program('src/main.ts')], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += String(chunk);
      });
    }
    return { child, output: () => output, ended: once(child, 'exit').then(([code]) => z.number().nullable().parse(code)) };
  }

  /** Starts one on a free port and waits until it is ready; with `consuming`, until it has joined its group as well. */
  async ready(env: Record<string, string>, { consuming = false } = {}) {
    const port = await freePort(new Set());
    const gateway = this.spawn({ ...env, SERVICE_PORT: String(port) });
    const url = `http://127.0.0.1:${port}`;
    try {
      await until('the gateway is ready', async () => (await fetch(`${url}/health/ready`)).ok, { timeout: 30_000 });
      if (consuming) await until('it has joined', () => gateway.output().includes('joined the consumer group'), { timeout: 30_000 });
    } catch (error) {
      throw new Error(`the gateway did not start: ${gateway.output()}`, { cause: error });
    }
    return { ...gateway, url, client: new GatewayClient(url, readConfig(env)) };
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
  }
}
