import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { printChanges } from '../../../src/local/change-printer.ts';
import { freePort } from '../../../src/local/port.ts';
import { until } from '../../until.ts';

const where = (port: number, lines: string[]) => ({
  graphqlUrl: `http://127.0.0.1:${port}/graphql`,
  progress: (_part: string, line: string) => void lines.push(line),
});

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));

/** A gateway that reports these changes to whoever subscribes, and then nothing more; with a token, to nobody but who shows it. */
async function serve(port: number, changes: readonly object[], token?: string) {
  const sockets = new WebSocketServer({ port, host: '127.0.0.1', path: '/graphql' });
  const roots = {
    subscription: {
      registrationChanges: async function* () {
        for (const change of changes) yield { registrationChanges: change };
        await new Promise(() => undefined);
      },
    },
  };
  const server = useServer({ schema, roots, onConnect: ({ connectionParams }) => connectionParams?.['token'] === token }, sockets);
  await once(sockets, 'listening');
  return server;
}

it('should print each change in a line until it is aborted, and find the gateway again after its restart', async () => {
  const port = await freePort(new Set());
  const lines: string[] = [];
  const end = new AbortController();
  const printing = printChanges({ ...where(port, lines), token: null, signal: end.signal });
  const node = { type: 'compute', serviceName: 'compute-service', health: 'HEALTHY' };
  const added = { type: 'ADDED', nodeId: 'n1', reason: 'startup', changedFields: [], node };
  const first = await serve(port, [added, { ...added, type: 'MODIFIED', reason: null, changedFields: ['version', 'endpoints'] }]);
  await until('both are printed', () => lines.length === 2);
  await first.dispose();
  const bookmark = { type: 'BOOKMARK', changedFields: [] };
  const second = await serve(port, [bookmark, { ...added, type: 'REMOVED', reason: 'shutdown' }]);
  await until('the third is printed', () => lines.length === 3);
  end.abort();
  await printing;
  await second.dispose();
  expect(lines).toEqual([
    '+ n1 (compute, compute-service) registered: startup',
    '~ n1 (compute, compute-service) changed version, endpoints',
    '- n1 (compute, compute-service) removed: shutdown',
  ]);
}, 30_000);

it('should show an error of the gateway as it came', async () => {
  const port = await freePort(new Set());
  const server = await serve(port, [{ type: 'NONSENSE', changedFields: [] }]);
  const lines: string[] = [];
  const end = new AbortController();
  const printing = printChanges({ ...where(port, lines), token: null, signal: end.signal });
  await until('it is printed', () => lines.length === 1);
  end.abort();
  await printing;
  await server.dispose();
  expect(lines[0]).toContain('NONSENSE');
});

it('should show the token that it was given', async () => {
  const port = await freePort(new Set());
  const lines: string[] = [];
  const end = new AbortController();
  const node = { type: 'compute', serviceName: 'compute-service', health: 'HEALTHY' };
  const server = await serve(port, [{ type: 'ADDED', nodeId: 'n1', reason: null, changedFields: [], node }], 'secret');
  const printing = printChanges({ ...where(port, lines), token: 'secret', signal: end.signal });
  await until('it is printed', () => lines.length === 1);
  end.abort();
  await printing;
  await server.dispose();
  expect(lines).toEqual(['+ n1 (compute, compute-service) registered']);
});
