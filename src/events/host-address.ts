import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** What a host is, however it was written. */
export interface Host {
  /** Lower case, IDN as `xn--`, IPv6 without brackets, no dot at the end; an IP address in its usual form. */
  readonly name: string;
  /** The address, where the host is one; and the IPv4 address where it is that one's IPv6 form (`::ffff:10.0.0.7`). */
  readonly addresses: readonly SocketAddress[];
  /** IPv4 addresses that an IPv6 address leads to by way of a translator or a tunnel: NAT64, 6to4, Teredo, ISATAP, and the like. */
  readonly embedded: readonly SocketAddress[];
}

/**
 * The host as a resolver would take it: `2852039166`, `0xa9fea9fe`, `169.254.43518`, `%3169.254.169.254` and full-width digits are all
 * 169.254.169.254. The URL parser does that for http and the like only, so the host is read as one of theirs.
 */
export function readHost(text: string): Host {
  const name = canonicalName(text);
  if (isIPv4(name)) return { name, addresses: [ipv4(name)], embedded: [] };
  if (!isIPv6(name)) return { name, addresses: [], embedded: [] };
  const groups = groupsOf(name);
  const mapped = mappedIn(groups);
  return { name, addresses: [ipv6(name), ...mapped.map(ipv4)], embedded: embeddedIn(groups).map(ipv4) };
}

function canonicalName(text: string): string {
  const bare = text.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  // An address with a zone (`fe80::1%eth0`), as resolvers return it: the zone says by which interface, not which address.
  const [address = ''] = bare.split('%');
  const url = `http://${isIPv6(address) ? `[${address}]` : bare}/`;
  // With one of these it would be more, or another host, to the parser.
  const isHost = isIPv6(address) || !/[\s:/?#@\\]/.test(bare);
  const name = isHost && URL.canParse(url) ? new URL(url).hostname : bare.toLowerCase();
  return name.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
}

/** The eight groups of an IPv6 address as the URL parser writes it: hexadecimal, one `::` at most, no IPv4 at its end. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = numbers(head);
  const after = numbers(tail ?? '');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** `::ffff:a.b.c.d` (RFC 4291): the IPv4 address itself, which sockets connect to. */
function mappedIn(groups: readonly number[]): readonly string[] {
  return startsWith(groups, [0, 0, 0, 0, 0, 0xffff]) ? [dotted(groups, 6)] : [];
}

function embeddedIn(groups: readonly number[]): readonly string[] {
  const [first, second] = groups;
  const found: string[] = [];
  // IPv4-compatible (RFC 4291); ::ffff:0:0:0/96, IPv4-translated (RFC 2765); 64:ff9b::/96, NAT64 (RFC 6052).
  const prefixes = [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0xffff, 0],
    [0x64, 0xff9b, 0, 0, 0, 0],
  ];
  if (prefixes.some((prefix) => startsWith(groups, prefix)) && !isUnspecifiedOrLoopback(groups)) found.push(dotted(groups, 6));
  // NAT64 of a site's own (RFC 8215), where the address usually stands at the end.
  if (startsWith(groups, [0x64, 0xff9b, 1])) found.push(dotted(groups, 6));
  // 6to4 (RFC 3056).
  if (first === 0x2002) found.push(dotted(groups, 1));
  // Teredo (RFC 4380): the server, and the client with its bits inverted.
  if (first === 0x2001 && second === 0) {
    found.push(
      dotted(groups, 2),
      dotted(
        groups.map((group) => group ^ 0xffff),
        6,
      ),
    );
  }
  // ISATAP (RFC 5214), whatever the prefix.
  if ((groups[4] === 0 || groups[4] === 0x200) && groups[5] === 0x5efe) found.push(dotted(groups, 6));
  return found;
}

function isUnspecifiedOrLoopback(groups: readonly number[]): boolean {
  return groups.slice(0, 7).every((group) => group === 0) && (groups[7] ?? 0) <= 1;
}

function startsWith(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, index) => groups[index] === group);
}

/** Two groups as an IPv4 address. */
function dotted(groups: readonly number[], from: number): string {
  const [high = 0, low = 0] = groups.slice(from, from + 2);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function ipv4(address: string): SocketAddress {
  return new SocketAddress({ address, family: 'ipv4' });
}

function ipv6(address: string): SocketAddress {
  return new SocketAddress({ address, family: 'ipv6' });
}
