import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP, type Socket } from 'node:net';

export interface ClientAddress {
  /** Where the client is, as far as it can be trusted. An IPv6 client has a whole /64 network to itself: it counts as one. */
  readonly address: string;
  /** A trusted proxy stands between: its connections carry many clients. */
  readonly isProxied: boolean;
}

/** The other end of a connection. */
interface Peer {
  readonly address: string;
  readonly isProxy: boolean;
  /** What its requests come from where it is no proxy. */
  readonly direct: ClientAddress;
}

/**
 * Finds out where a request comes from. Behind a trusted proxy that is the right-most address in `X-Forwarded-For` which is not a trusted
 * proxy itself: what stands left of it is what the client said of itself. From anybody else the header counts for nothing.
 */
export function createClientAddress(trustedProxies: BlockList): (request: Pick<IncomingMessage, 'socket' | 'headers'>) => ClientAddress {
  const isTrusted = (address: string) => trustedProxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  // Asked for several times for each request, and the same as long as the connection stands.
  const peers = new WeakMap<Socket, Peer>();

  function peerOf(socket: Socket): Peer {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const address = plain(socket.remoteAddress ?? '');
    const isProxy = isIP(address) !== 0 && isTrusted(address);
    const peer = { address, isProxy, direct: { address: asClient(address), isProxied: false } };
    // One that is gone already has no address, and keeps its own.
    if (address !== '') peers.set(socket, peer);
    return peer;
  }

  return ({ socket, headers }) => {
    const { address: peer, isProxy, direct } = peerOf(socket);
    if (!isProxy) return direct;
    const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map(plain);
    for (const address of forwarded.reverse()) {
      // A proxy that names nobody: what stands further left may be anybody's invention.
      if (isIP(address) === 0) break;
      if (!isTrusted(address)) return { address: asClient(address), isProxied: true };
    }
    return { address: asClient(peer), isProxied: true };
  };
}

/** Without the port, the brackets and the zone that some proxies write, and an IPv4 address in IPv6 clothes as what it is. */
function plain(text: string): string {
  const bare = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(bare)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(bare)?.[1];
  const address = (bracketed ?? withPort ?? bare).split('%', 1)[0] ?? '';
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function asClient(address: string): string {
  if (isIP(address) !== 6) return address === '' ? 'gone' : address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
