import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import { flag, list, number, optional } from './values.ts';

/** Addresses to listen on that nobody can connect to. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** IP addresses and networks, as one thing to ask. */
const networks = list('').transform((entries, context) => {
  const blocks = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const prefix = Number(bits ?? (family === 'ipv6' ? 128 : 32));
    if (isIP(address) === 0 || bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > (family === 'ipv6' ? 128 : 32)) {
      context.addIssue({ code: 'custom', message: `"${entry}" is neither an IP address nor a network such as 10.0.0.0/8` });
      return z.NEVER;
    }
    blocks.addSubnet(address, prefix, family);
  }
  return blocks;
});

/** Origins as browsers send them. `*` would let every page ask in the name of whoever opens it. */
const origins = list('').transform((entries, context) =>
  entries.map((entry) => {
    const url = URL.canParse(entry) ? new URL(entry) : null;
    if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
    context.addIssue({ code: 'custom', message: `"${entry}" is not an origin such as https://dashboard.example; list each one` });
    return z.NEVER;
  }),
);

export const httpVariables = z.object({
  SERVICE_HOST: z.string().default('127.0.0.1'),
  SERVICE_PORT: number(8080, 0, 65_535),
  LOCAL_IP: optional,
  TRUSTED_PROXIES: networks,
  ALLOWED_ORIGINS: origins,
  DASHBOARD: flag(true),
});

export type HttpConfig = ReturnType<typeof httpConfig>;

export function httpConfig(e: z.output<typeof httpVariables>) {
  return {
    host: e.SERVICE_HOST,
    port: e.SERVICE_PORT,
    advertisedHost: e.LOCAL_IP ?? (WILDCARDS.has(e.SERVICE_HOST) ? hostname() : e.SERVICE_HOST),
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustedProxies: e.TRUSTED_PROXIES,
    /** Whether browsers get the dashboard at `/`. */
    dashboard: e.DASHBOARD,
  };
}
