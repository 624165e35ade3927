import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import type { Rig } from './rig.ts';

/** What a gateway answers. */
export async function ask(url: string, query: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    signal: AbortSignal.timeout(3000),
  });
  return response.json();
}

/** What Consul's agent says, asked directly; with a body it is told. */
export async function consul({ config }: Rig, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://${config.consul.host}:${config.consul.port}/v1${path}`, {
    method: body === undefined ? 'GET' : 'PUT',
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Consul: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** On a connection of its own, past the proxies. */
export async function withPostgres<T>({ databaseUrl }: Rig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3000, query_timeout: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function registryIdOf(rig: Rig): Promise<string> {
  return withPostgres(rig, async (client) => {
    const { rows } = await client.query('select registry_id::text as id from registry');
    return z.tuple([z.object({ id: z.string() })]).parse(rows)[0].id;
  });
}

/** Somebody else's service, in the very words of ours but for the owner mark: nobody may touch it. */
const STRANGER = {
  ID: 'effect-node-00-of-others',
  Name: 'effect-service',
  Tags: ['omninode'],
  Meta: { node_id: 'node-00', registry_id: 'another' },
};

export async function registerStranger(rig: Rig): Promise<void> {
  await consul(rig, '/agent/service/register', STRANGER);
}

/** Throws when it is gone or changed. */
export async function strangerStands(rig: Rig): Promise<void> {
  const { ID, Name, Tags, Meta } = STRANGER;
  const { Service, ...found } = z
    .object({ ID: z.string(), Service: z.string(), Tags: z.array(z.string()), Meta: z.record(z.string(), z.string()) })
    .parse(await consul(rig, `/agent/service/${ID}`));
  if (!isDeepStrictEqual({ ...found, Name: Service }, { ID, Name, Tags, Meta })) throw new Error(`${ID} of somebody else was changed`);
}
