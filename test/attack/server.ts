import { Registry as MetricsRegistry } from 'prom-client';
import { limitVariables } from '../../src/config/limits.ts';
import { buildSchema } from '../../src/graphql/schema.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { createLog } from '../../src/log.ts';
import { HEALTHY } from '../unit/http/running-server.ts';
import { LoadedRegistry } from './loaded-registry.ts';

// The real server as a process of its own, over a registry of 10,000 nodes. Limits come from the environment, as they do in production.
const registry = new LoadedRegistry(10_000, 50);
registry.maxUnread = 20_000;
const server = createHttpServer({
  schema: buildSchema(),
  registry,
  health: { report: () => HEALTHY },
  metrics: new MetricsRegistry(),
  log: createLog('error', 'attacked'),
  config: { host: '127.0.0.1', port: 0 },
  limits: limitVariables.parse(process.env),
});
const { port } = await server.listen();
process.send?.({ port });
setInterval(() => registry.touch(), 100);
process.on('message', () => process.send?.({ rss: process.memoryUsage().rss }));
process.on('disconnect', () => process.exit(0));
