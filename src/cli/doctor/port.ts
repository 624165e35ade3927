import { createServer } from 'node:net';
import type { HttpConfig } from '../../config/http.ts';
import { isLoopback } from '../../config/loopback.ts';
import { messageOf } from '../../errors.ts';
import { type Finding, findingsOf } from './finding.ts';
import { codeOf, placeOf } from './reach.ts';

const { ok, warning, fault } = findingsOf('port');

export interface PortFindings {
  readonly findings: readonly Finding[];
  /** Somebody listens there: who, is another question. */
  readonly isTaken: boolean;
}

/** Whether the gateway could listen where it is to. */
export async function checkPort({ host, port, advertisedHost }: HttpConfig, consulHost: string | null): Promise<PortFindings> {
  const findings: Finding[] = [];
  if (consulHost !== null && isLoopback(advertisedHost) && !isLoopback(consulHost)) {
    findings.push(
      warning(
        `Consul at ${consulHost} is told to check this gateway at ${advertisedHost}, which there is another machine`,
        'set LOCAL_IP to the address under which Consul reaches this machine, and SERVICE_HOST so that it listens there',
      ),
    );
  }
  if (port === 0) return { findings: [...findings, ok('SERVICE_PORT is 0: the gateway takes a free one')], isTaken: false };
  try {
    await listen(host, port);
    return { findings: [...findings, ok(`${placeOf(host, port)} is free: no gateway runs there now`)], isTaken: false };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') return { findings, isTaken: true };
    return {
      findings: [...findings, fault(`the gateway cannot listen on ${placeOf(host, port)}: ${messageOf(error)}`, remedyFor(code))],
      isTaken: false,
    };
  }
}

function remedyFor(code: string): string {
  if (code === 'EACCES') return 'ports below 1024 need rights that this user has not: choose a higher SERVICE_PORT';
  if (code === 'EADDRNOTAVAIL') return 'SERVICE_HOST must be an address of this machine, or 0.0.0.0 for all of them';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'SERVICE_HOST does not resolve: correct it';
  return 'correct SERVICE_HOST and SERVICE_PORT';
}

function listen(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
