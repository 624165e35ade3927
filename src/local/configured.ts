/** Where the services are that somebody else runs; null for each that has no address in the environment. */
export type ConfiguredAddresses = {
  readonly kafka: string | null;
  readonly consul: { readonly host: string; readonly port: number } | null;
  /** `place` is for a person and has no password; `url` is null where the POSTGRES_ variables say it. */
  readonly postgres: { readonly url: string | null; readonly place: string } | null;
};

/** Reads only the addresses: the gateway checks the rest of its configuration itself. An empty variable counts as absent. */
export function configuredAddresses(env: NodeJS.ProcessEnv): ConfiguredAddresses {
  const url = env['DATABASE_URL'] || null;
  const host = env['POSTGRES_HOST'] || null;
  return {
    kafka: env['KAFKA_BROKER_URL'] || null,
    consul: env['CONSUL_HOST'] ? { host: env['CONSUL_HOST'], port: Number(env['CONSUL_PORT'] || 8500) } : null,
    postgres: url !== null ? { url, place: 'DATABASE_URL' } : host !== null ? { url: null, place: host } : null,
  };
}
