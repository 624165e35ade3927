import { expect, it } from 'vitest';
import { until } from '../../until.ts';
import { announcement, freshEnvironment, Nodes, runGateway, sql } from '../gateway/running-gateway.ts';
import { freshDatabase } from '../stack.ts';

it('should need no more of Postgres than a role that owns its database', async () => {
  const admin = await freshDatabase();
  const database = new URL(admin).pathname.slice(1);
  const role = `owner_of_${database}`;
  await sql(admin, `create role ${role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls`);
  try {
    await sql(admin, `alter database ${database} owner to ${role}`);
    const url = new URL(admin);
    url.username = role;
    const gateway = await runGateway(await freshEnvironment({ DATABASE_URL: url.toString() }));
    const nodes = await Nodes.connect(gateway.config);
    try {
      await nodes.announce(announcement('role-1'));
      await until('it is registered', async () => (await gateway.client.node('role-1'))?.state === 'REGISTERED', { timeout: 30_000 });
      await nodes.heartbeat('role-1', { health_status: 'degraded' });
      await until('its heartbeat counts', async () => (await gateway.client.node('role-1'))?.health === 'DEGRADED', { timeout: 30_000 });
      await nodes.announce(announcement('role-1', { reason: 'shutdown' }));
      await until('it has left', async () => (await gateway.client.node('role-1'))?.state === 'REMOVED', { timeout: 30_000 });
      const owners = await sql(admin, "select distinct tableowner from pg_tables where schemaname in ('public', 'drizzle')");
      expect(owners).toEqual([{ tableowner: role }]);
      expect(gateway.lines.filter((line) => /permission denied|must be owner/i.test(JSON.stringify(line)))).toEqual([]);
    } finally {
      await nodes.close();
      await gateway.stop();
    }
  } finally {
    await sql(admin, `reassign owned by ${role} to current_user`);
    await sql(admin, `drop role ${role}`);
  }
});
