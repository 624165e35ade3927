import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { EndpointRules } from '../events/endpoint-rules.ts';

export type Resolve = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A resolver for sockets that never hands out an address that is denied: a name says nothing of where it leads, and may lead elsewhere
 * at every look (DNS rebinding), so the address is judged that is connected to. Other addresses of the name are tried. The scheme is not
 * known here: rules that stand behind one do not count.
 */
export function guardedLookup(rules: EndpointRules, resolve: Resolve = lookup): LookupFunction {
  return (name, options, callback) => {
    resolve(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const judged = addresses.map((found) => ({ found, refused: rules.addressRefusal(found.address) }));
      const usable = judged.filter(({ refused }) => refused === null).map(({ found }) => found);
      const [first] = usable;
      if (first === undefined) {
        const why = judged.map(({ found, refused }) => `${found.address} ${refused}`).join(', ');
        return callback(new Error(`${name} has no address that may be called: ${why}`), '');
      }
      if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}
