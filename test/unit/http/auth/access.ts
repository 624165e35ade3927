import { type Config, readConfig } from '../../../../src/config.ts';

export const READ_TOKEN = 'read-0123456789abcdef';
export const WRITE_TOKEN = 'write-0123456789abcdef';
/** Listed without a name. */
export const NAMELESS_TOKEN = 'nameless-0123456789abcdef';
/** Right in its form, and listed nowhere. */
export const WRONG_TOKEN = 'wrong-0123456789abcdef';

export const TOKENS = {
  AUTH_TOKENS_READ: `dashboard:${READ_TOKEN}`,
  AUTH_TOKENS_WRITE: `ops:${WRITE_TOKEN},${NAMELESS_TOKEN}`,
};

/** Who may do what, as these variables say it. */
export function accessOf(env: NodeJS.ProcessEnv): Config['auth'] {
  return readConfig({ KAFKA_BROKER_URL: 'kafka:9092', CONSUL_HOST: 'consul', DATABASE_URL: 'postgres://db/registry', ...env }).auth;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
