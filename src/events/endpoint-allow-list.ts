import { BlockList, isIP, isIPv4 } from 'node:net';

type Rule = (url: URL, host: string) => boolean;

/**
 * Which endpoints nodes may announce: Consul and the gateway call URLs of a node's choosing. A rule is `*`, a host (`api.example`,
 * `*.example`, `10.0.0.7`), a network (`10.0.0.0/8`, `fd00::/8`), or any of these behind a scheme (`https://*.example`). Names are not
 * resolved: a name that may be announced may point anywhere.
 */
export class EndpointAllowList {
  readonly #rules: readonly Rule[];

  /** Throws RangeError for a rule that is none. An empty list allows nothing. */
  constructor(rules: readonly string[]) {
    this.#rules = rules.map(ruleOf);
  }

  allows(url: URL): boolean {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    return this.#rules.some((rule) => rule(url, host));
  }
}

function ruleOf(text: string): Rule {
  const [, scheme, place = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.+)$/i.exec(text) ?? [];
  const hasHost = hostRule(place.toLowerCase(), text);
  return scheme === undefined ? (_url, host) => hasHost(host) : (url, host) => url.protocol === `${scheme.toLowerCase()}:` && hasHost(host);
}

function hostRule(place: string, text: string): (host: string) => boolean {
  if (place === '*') return () => true;
  const [network = '', bits] = place.split('/');
  if (bits !== undefined) {
    const family = isIPv4(network) ? 'ipv4' : 'ipv6';
    const length = Number(bits);
    if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || length > (family === 'ipv4' ? 32 : 128)) {
      throw new RangeError(`"${text}" is not a network such as 10.0.0.0/8`);
    }
    const addresses = new BlockList();
    addresses.addSubnet(network, length, family);
    return (host) => isIP(host) !== 0 && addresses.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');
  }
  const name = place.replace(/^\[|\]$/g, '');
  if (isIP(name) === 0 && !/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(name)) {
    throw new RangeError(`"${text}" is not a host, a network, or * (each may stand behind a scheme://)`);
  }
  return name.startsWith('*.') ? (host) => host.endsWith(name.slice(1)) : (host) => host === name;
}
