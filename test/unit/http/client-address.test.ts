import { IncomingMessage } from 'node:http';
import { BlockList, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createClientAddress } from '../../../src/http/client-address.ts';

const trusted = new BlockList();
trusted.addSubnet('10.0.0.0', 8, 'ipv4');
trusted.addSubnet('fd00::', 8, 'ipv6');
const addressOf = createClientAddress(trusted);

function from(peer: string, forwarded?: string) {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded;
  return addressOf(request);
}

it.each<[string, string, string | undefined, string, boolean]>([
  ['the peer', '192.0.2.7', undefined, '192.0.2.7', false],
  ['the peer, whatever it claims', '192.0.2.7', '198.51.100.1', '192.0.2.7', false],
  ['an IPv4 peer of an IPv6 socket', '::ffff:192.0.2.7', undefined, '192.0.2.7', false],
  ['the network of an IPv6 peer', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64', false],
  ['the network of a short IPv6 address', '2001:DB8::1', undefined, '2001:db8:0:0::/64', false],
  ['who a proxy names', '10.1.1.1', '198.51.100.1', '198.51.100.1', true],
  ['the right-most that is no proxy', '10.1.1.1', '203.0.113.9, 198.51.100.1, 10.2.2.2', '198.51.100.1', true],
  ['who an IPv6 proxy names, with a port', 'fd00::1', '[2001:db8::1]:4711', '2001:db8:0:0::/64', true],
  ['who a proxy names with a port', '10.1.1.1', '198.51.100.1:4711', '198.51.100.1', true],
  ['the proxy where it names nobody', '10.1.1.1', undefined, '10.1.1.1', true],
  ['the proxy where it names nonsense', '10.1.1.1', '198.51.100.1, unknown', '10.1.1.1', true],
  ['the proxy where it names proxies only', '10.1.1.1', '10.3.3.3', '10.1.1.1', true],
])('should be %s', (_what, peer, forwarded, address, isProxied) => {
  expect(from(peer, forwarded)).toEqual({ address, isProxied });
});
