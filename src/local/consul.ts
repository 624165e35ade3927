import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { consulBinary } from './consul-binary.ts';
import { defineService, type Service } from './service.ts';
import type { Surroundings } from './surroundings.ts';

export type ConsulPorts = { readonly http: number; readonly dns: number; readonly server: number; readonly serf: number };

/** Parts of an agent's configuration, as Consul names them. */
export interface MoreConsul {
  readonly ports?: Readonly<Record<string, number>>;
  readonly [part: string]: unknown;
}

const NODE_NAME = 'local';

/**
 * Finds or builds Consul and prepares one server agent on 127.0.0.1, not started yet. It keeps its data over a restart. `more` is added to
 * its configuration, and to the ports in it.
 */
export async function prepareConsul(ports: ConsulPorts, surroundings: Surroundings, more: MoreConsul = {}): Promise<Service> {
  const binary = await consulBinary(surroundings);
  const folder = join(surroundings.folder, 'consul');
  await mkdir(folder, { recursive: true });
  const configuration = join(folder, 'agent.json');
  const usual = agentConfiguration(ports, join(folder, 'data'));
  const whole = { ...usual, ...more, ports: { ...usual.ports, ...more.ports } };
  await writeFile(configuration, `${JSON.stringify(whole, null, 2)}\n`);
  const address = `http://127.0.0.1:${ports.http}`;
  return defineService(
    {
      name: 'Consul',
      logFile: join(folder, 'consul.log'),
      command: { file: binary, args: ['agent', `-config-file=${configuration}`], cwd: folder },
      stopSignal: 'SIGTERM',
      stopPatience: 8000,
      startPatience: 30_000,
      startAttempts: 1,
      probe: () => probe(address),
    },
    surroundings.guard,
  );
}

/** There is a leader, and the agent has entered itself into the catalog: before that, health queries are empty. */
async function probe(address: string): Promise<void> {
  const leader = await get(`${address}/v1/status/leader`);
  if (leader === '') throw new Error('no leader is elected yet');
  const nodes = z.array(z.object({ Node: z.string() })).parse(await get(`${address}/v1/catalog/nodes`));
  if (!nodes.some((node) => node.Node === NODE_NAME)) throw new Error('the agent is not in the catalog yet');
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}

function agentConfiguration(ports: ConsulPorts, data: string) {
  return {
    node_name: NODE_NAME,
    server: true,
    bootstrap: true,
    data_dir: data,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    // Every port, or two agents collide on the defaults; -1 is off.
    ports: {
      http: ports.http,
      https: -1,
      dns: ports.dns,
      server: ports.server,
      serf_lan: ports.serf,
      serf_wan: -1,
      grpc: -1,
      grpc_tls: -1,
    },
    // Elects itself in about 2 s; the default of 5 is for slow machines and takes five times as long.
    performance: { raft_multiplier: 1 },
    // Leaving would throw away what is registered.
    leave_on_terminate: false,
    skip_leave_on_interrupt: true,
    connect: { enabled: false },
    ui_config: { enabled: true },
    // 200 by default: tests of many gateways share one client address.
    limits: { http_max_conns_per_client: 4096 },
    disable_update_check: true,
    log_level: 'warn',
  };
}
