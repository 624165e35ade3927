import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/*
 * Below the range from which Linux and macOS take the ports of outgoing connections (32768 and 49152): a service that is
 * killed and started again finds its port free, and no client that retries meanwhile connects to itself.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;
/** Ports in one of the parts of that range. */
const PART = 1000;

/** Whether nothing listens on 127.0.0.1 at this port, for TCP and UDP (Consul's DNS and gossip use both). */
export async function portIsFree(port: number): Promise<boolean> {
  return (await tcpIsFree(port)) && (await udpIsFree(port));
}

/**
 * The preferred port if it is free, else some free port. Ports in `taken` are left out; the result is added to it. Each process looks in a
 * part of its own: what another one has found, and its service has not opened yet, is free to everybody.
 */
export async function freePort(taken: Set<number>, preferred?: number): Promise<number> {
  const lowest = LOWEST + (process.pid % ((HIGHEST - LOWEST) / PART)) * PART;
  const candidates = function* () {
    if (preferred !== undefined) yield preferred;
    for (let attempt = 0; attempt < 200; attempt++) yield randomInt(lowest, lowest + PART);
  };
  for (const port of candidates()) {
    if (taken.has(port)) continue;
    taken.add(port);
    if (await portIsFree(port)) return port;
    taken.delete(port);
  }
  throw new Error(`No free port found between ${lowest} and ${lowest + PART} in 200 attempts`);
}

function tcpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
