import { connect, isIP } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/**
 * Sockets that lead to one broker, whatever address kafkajs asks for: a broker whose advertised listener cannot be reached can still be asked
 * what it advertises.
 */
export function seedSocket({ host, port }: { readonly host: string; readonly port: number }): ISocketFactory {
  return ({ ssl, onConnect }) =>
    ssl
      ? connectSecurely({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
}
