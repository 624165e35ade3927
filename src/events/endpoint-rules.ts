import { BlockList, isIP, isIPv4, type SocketAddress } from 'node:net';
import { type Host, readHost } from './host-address.ts';

/**
 * What no node may announce unless an operator says so: addresses that mean another machine for everybody who calls them, and the
 * metadata services of clouds, which hand out credentials to whoever asks from inside, as Consul would.
 */
export const DENIED_BY_DEFAULT: readonly string[] = [
  // Unspecified ("this host"), link-local (with 169.254.169.254, the metadata service of most clouds), multicast, broadcast.
  '0.0.0.0/8',
  '::',
  '169.254.0.0/16',
  'fe80::/10',
  '224.0.0.0/4',
  'ff00::/8',
  '255.255.255.255',
  // Metadata services elsewhere: AWS over IPv6 (instances, EKS), Google over IPv6, Oracle (over IPv6, classic), Alibaba, Azure, Scaleway.
  'fd00:ec2::/32',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  '192.0.0.192',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:42::42',
  // … and by their names.
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.google.internal',
  '*.metadata.google.internal',
  'metadata.goog',
  '*.metadata.goog',
  'metadata.azure.internal',
  'metadata.azure.com',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
];

/** Hosts of which the verdict is remembered. */
const REMEMBERED = 10_000;

interface Rule {
  /** As the operator wrote it. */
  readonly text: string;
  /** With its colon; null where all will do. */
  readonly scheme: string | null;
  readonly hasName: (name: string) => boolean;
  readonly hasAddress: (address: SocketAddress) => boolean;
}

/**
 * Which endpoints nodes may announce: Consul and the gateway call URLs of a node's choosing. A rule is `*`, a host (`api.example`,
 * `*.example`, `10.0.0.7`), a network (`10.0.0.0/8`, `fd00::/8`), or any of these behind a scheme (`https://*.example`). What is denied
 * stands above what is allowed. Hosts are compared by what they mean, not by how they are written. Names are not resolved here: a name
 * that may be announced may point anywhere, and whoever calls it asks {@link addressRefusal}.
 */
export class EndpointRules {
  readonly #allow: readonly Rule[];
  readonly #deny: readonly Rule[];
  /** By scheme and host: the nodes of a fleet announce the same few thousand again and again, and a verdict takes a look at every rule. */
  readonly #verdicts = new Map<string, string | null>();

  /** Throws RangeError for a rule that is none. An empty list allows, or denies, nothing. */
  constructor(allow: readonly string[], deny: readonly string[] = []) {
    this.#allow = allow.map(ruleOf);
    this.#deny = deny.map(ruleOf);
  }

  /** Why the URL may not be announced or called, to follow the name of its place: `is …`; null when it may. */
  refusal(url: URL): string | null {
    const place = `${url.protocol}//${url.hostname}`;
    const known = this.#verdicts.get(place);
    if (known !== undefined) return known;
    const verdict = this.#refusal(url.protocol, readHost(url.hostname));
    if (this.#verdicts.size >= REMEMBERED) this.#verdicts.clear();
    this.#verdicts.set(place, verdict);
    return verdict;
  }

  /** The same for a host that is called without a scheme: rules that deny it behind one do not count, those that allow it do. */
  hostRefusal(host: string): string | null {
    return this.#refusal(null, readHost(host));
  }

  /**
   * The same for an address that a name resolved to, maybe with a zone. Only what is denied is asked, since the name was allowed; rules
   * for a scheme do not count, since an address has none.
   */
  addressRefusal(address: string): string | null {
    const denied = this.#denying(null, readHost(address));
    return denied === null ? null : `is refused by the rule ${denied} of the endpoint deny-list (ENDPOINT_DENY)`;
  }

  #refusal(protocol: string | null, host: Host): string | null {
    const denied = this.#denying(protocol, host);
    if (denied !== null) return `is refused by the rule ${denied} of the endpoint deny-list (ENDPOINT_DENY)`;
    const isAllowed = this.#allow.some(
      (rule) => (protocol === null || hasScheme(rule, protocol)) && (rule.hasName(host.name) || host.addresses.some(rule.hasAddress)),
    );
    return isAllowed ? null : 'is outside the endpoint allow-list (ENDPOINT_ALLOW)';
  }

  #denying(protocol: string | null, { name, addresses, embedded }: Host): string | null {
    const rule = this.#deny.find(
      (one) => hasScheme(one, protocol) && (one.hasName(name) || addresses.some(one.hasAddress) || embedded.some(one.hasAddress)),
    );
    return rule?.text ?? null;
  }
}

function hasScheme({ scheme }: Rule, protocol: string | null): boolean {
  return scheme === null || scheme === protocol;
}

function ruleOf(text: string): Rule {
  const [, scheme, place = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.+)$/i.exec(text) ?? [];
  return { text, scheme: scheme === undefined ? null : `${scheme.toLowerCase()}:`, ...placeOf(place.toLowerCase(), text) };
}

function placeOf(place: string, text: string): Pick<Rule, 'hasName' | 'hasAddress'> {
  if (place === '*') return { hasName: () => true, hasAddress: () => true };
  const [network = '', bits] = place.split('/');
  if (bits !== undefined) return { hasName: () => false, hasAddress: inNetwork(network.replace(/^\[|\]$/g, ''), bits, text) };
  const suffix = /^\*\.(.+)$/.exec(place)?.[1];
  const { name, addresses } = readHost(suffix ?? place);
  const [address] = addresses;
  if (address !== undefined && suffix === undefined) {
    const only = new BlockList();
    only.addAddress(address);
    return { hasName: () => false, hasAddress: (one) => only.check(one) };
  }
  if (address !== undefined || !/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name)) {
    throw new RangeError(`"${text}" is not a host, a network, or * (each may stand behind a scheme://)`);
  }
  return { hasName: suffix === undefined ? (one) => one === name : (one) => one.endsWith(`.${name}`), hasAddress: () => false };
}

function inNetwork(network: string, bits: string, text: string): Rule['hasAddress'] {
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const length = Number(bits);
  if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || length > (family === 'ipv4' ? 32 : 128)) {
    throw new RangeError(`"${text}" is not a network such as 10.0.0.0/8`);
  }
  const addresses = new BlockList();
  addresses.addSubnet(network, length, family);
  return (address) => addresses.check(address);
}
