import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { exists } from './cache.ts';
import { freePort } from './port.ts';
import type { StackPorts } from './stack.ts';

const port = z.number().int().min(1).max(65_535);
const portsFile = z.object({
  kafka: z.object({ broker: port, controller: port }),
  consul: z.object({ http: port, dns: port, server: port, serf: port }),
  postgres: port,
});

const USUAL: StackPorts = {
  kafka: { broker: 9092, controller: 9093 },
  consul: { http: 8500, dns: 8600, server: 8300, serf: 8301 },
  postgres: 5432,
};

/**
 * The ports of the last start, at the first one the usual ones; each that is taken by now is replaced by a free one.
 * Written down, so that addresses stay where they are.
 */
export async function rememberedPorts(file: string): Promise<StackPorts> {
  const last = (await exists(file)) ? portsFile.parse(JSON.parse(await readFile(file, 'utf8'))) : USUAL;
  const taken = new Set<number>();
  const ports: StackPorts = {
    kafka: { broker: await freePort(taken, last.kafka.broker), controller: await freePort(taken, last.kafka.controller) },
    consul: {
      http: await freePort(taken, last.consul.http),
      dns: await freePort(taken, last.consul.dns),
      server: await freePort(taken, last.consul.server),
      serf: await freePort(taken, last.consul.serf),
    },
    postgres: await freePort(taken, last.postgres),
  };
  await writeFile(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}
