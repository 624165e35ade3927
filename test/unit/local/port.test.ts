import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort, portIsFree } from '../../../src/local/port.ts';
import { rememberedPorts } from '../../../src/local/remembered-ports.ts';

const isAddress = (address: AddressInfo | string | null): address is AddressInfo => address !== null && typeof address === 'object';

it('should not call a port free that somebody listens on, by TCP or by UDP', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tcp = server.address();
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  expect(isAddress(tcp) && (await portIsFree(tcp.port))).toBe(false);
  expect(await portIsFree(socket.address().port)).toBe(false);
  const other = await freePort(new Set(), socket.address().port);
  expect(other).not.toBe(socket.address().port);
  server.close();
  socket.close();
});

it('should take the preferred port, but no port twice, and none that outgoing connections use', async () => {
  const preferred = await freePort(new Set());
  const taken = new Set<number>();
  expect(await freePort(taken, preferred)).toBe(preferred);
  const second = await freePort(taken, preferred);
  expect(second).not.toBe(preferred);
  expect(second).toBeLessThan(32_768);
  expect([...taken].sort()).toEqual([preferred, second].sort());
});

it('should stay with the ports of the last start, except those that are taken by now', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ports-'));
  const file = join(folder, 'ports.json');
  const first = await rememberedPorts(file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(first);
  const server = createServer().listen(first.postgres, '127.0.0.1');
  await once(server, 'listening');
  const second = await rememberedPorts(file);
  server.close();
  expect(second).toEqual({ ...first, postgres: second.postgres });
  expect(second.postgres).not.toBe(first.postgres);
  await rm(folder, { recursive: true });
});
