import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { ConsulConfig } from '../../config/consul.ts';
import type { Tls } from './reach.ts';

/** Milliseconds. */
const TIMEOUT = 5000;

export interface ConsulReply {
  readonly status: number;
  readonly text: string;
}

/** One call of Consul's HTTP API, below `/v1`. Rejects where there is no answer. */
export type AskConsul = (path: string, body?: unknown) => Promise<ConsulReply>;

/** Calls of the agent as the gateway makes them: with its token, and over TLS where that is configured. */
export function consulRequests({ host, port, token, secure }: ConsulConfig, tls: Tls): AskConsul {
  return (path, body) =>
    new Promise((resolve, reject) => {
      const options = {
        host,
        port,
        path: `/v1${path}`,
        method: body === undefined ? 'GET' : 'POST',
        headers: token === null ? {} : { 'x-consul-token': token },
        ca: tls.ca,
        agent: false as const,
        timeout: TIMEOUT,
      };
      const call = (secure ? requestSecurely : request)(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString().trim() }));
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT / 1000} s`)));
      call.on('error', reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
