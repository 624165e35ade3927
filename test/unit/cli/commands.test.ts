import { createServer } from 'node:http';
import { parse, validate } from 'graphql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CLI_DOCUMENTS } from '../../../src/cli/documents.ts';
import { buildSchema } from '../../../src/graphql/schema.ts';
import { gatewayVersion } from '../../../src/version.ts';
import { until } from '../../until.ts';
import { sampleNode } from '../graphql/memory-registry.ts';
import { startServer } from '../http/running-server.ts';
import { type TerminalOptions, terminal } from './terminal.ts';

async function withGateway(options: TerminalOptions = {}) {
  const server = await startServer();
  return { ...server, ...terminal({ ...options, env: { DGW_URL: server.url, ...options.env } }) };
}

/** Answers every request alike. */
async function startAnswering(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

it.each(Object.entries(CLI_DOCUMENTS))('%s should be an operation of the schema, under its own name', (name, text) => {
  const document = parse(text);
  expect(validate(buildSchema(), document)).toEqual([]);
  expect(document.definitions.map((definition) => 'name' in definition && definition.name?.value)).toEqual([name]);
});

describe('resolve', () => {
  it('should print the URL alone into a pipe, and all of it as JSON', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('db-1'));
    expect(await run('resolve', 'database.query')).toBe(0);
    expect(written).toEqual({ out: 'http://10.0.3.17:8080\n', err: '' });
    written.out = '';
    expect(await run('resolve', 'database.query', '--json')).toBe(0);
    const [service] = JSON.parse(written.out).services;
    expect(service).toMatchObject({
      nodeId: 'db-1',
      type: 'effect',
      url: 'http://10.0.3.17:8080',
      endpoints: { api: 'http://10.0.3.17:8080' },
    });
  });

  it('should show the node in a terminal', async () => {
    const { registry, run, written } = await withGateway({ columns: 100, env: { NO_COLOR: '1' } });
    registry.put(sampleNode('db-1'));
    expect(
      await run('resolve', 'database.query', '--all-of', 'database.write', '--version-range', '^1', '--strategy', 'least-loaded'),
    ).toBe(0);
    expect(written.out.split('\n')[1]).toBe('http://10.0.3.17:8080  db-1  effect-service  1.4.2');
  });

  it('should print the endpoint that is asked for, of whoever has it', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('db-1'));
    registry.put(sampleNode('db-2', { endpoints: [{ name: 'metrics', url: 'http://10.0.3.18/metrics' }] }));
    expect(await run('resolve', 'database.query', '--endpoint', 'metrics')).toBe(0);
    expect(written.out).toBe('http://10.0.3.18/metrics\n');
    expect(await run('resolve', 'database.query', '--endpoint', 'admin')).toBe(1);
    expect(written.err).toBe('2 healthy, but none has the endpoint "admin": they have api, health, metrics\n');
  });

  it('should print address and port of who announced no api', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('v6', { endpoints: [], address: '2001:db8::1', port: 80 }));
    expect(await run('resolve', 'database.query')).toBe(0);
    registry.put(sampleNode('v6', { endpoints: [], address: null, port: null }));
    expect(await run('resolve', 'database.query')).toBe(1);
    expect(written).toEqual({ out: '[2001:db8::1]:80\n', err: '1 healthy, but none announced an endpoint or address: v6\n' });
  });

  it('should say why there is none, and exit with 1', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('db-1', { health: 'UNHEALTHY' }));
    expect(await run('resolve', 'database.query')).toBe(1);
    expect(written.out).toBe('');
    expect(written.err).toContain('db-1: UNHEALTHY.');
    expect(await run('resolve', 'database.quary')).toBe(1);
    expect(written.err).toContain('Did you mean database.query?');
    expect(await run('resolve', 'database.quary', '--json')).toBe(1);
    expect(JSON.parse(written.out)).toMatchObject({ services: [], explanation: { suggestions: [{ name: 'database.query' }] } });
  });

  it('should call a wrong version range a wrong command line', async () => {
    const { run, written } = await withGateway();
    expect(await run('resolve', 'x', '--version-range', 'what?')).toBe(2);
    expect(written.err).toContain('versionRange');
  });
});

describe('nodes', () => {
  it('should list those that are registered, in a table that fits', async () => {
    const { registry, run, written } = await withGateway({ columns: 100, env: { NO_COLOR: '1' } });
    registry.put(sampleNode('db-1'));
    registry.put(sampleNode('db-2', { state: 'REMOVED' }));
    registry.put(sampleNode('a-very-long-name-of-a-node-that-leaves-no-room', { health: 'DEGRADED' }));
    expect(await run('nodes')).toBe(0);
    const lines = written.out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines[2]).toMatch(/^db-1 +effect +effect-service +healthy +1\.4\.2 +10\.0\.3\.17:8080 +1m +database.qu…/);
  });

  it('should filter and sort', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('a', { health: 'UNHEALTHY', type: 'reducer' }));
    registry.put(sampleNode('b', { state: 'EXPIRED' }));
    registry.put(sampleNode('c'));
    const ids = async (...args: string[]) => {
      written.out = '';
      await run('nodes', '--json', ...args);
      return JSON.parse(written.out)
        .nodes.map(({ nodeId }: { nodeId: string }) => nodeId)
        .join('');
    };
    expect(await ids('--state', 'all')).toBe('abc');
    expect(await ids('--health', 'unhealthy,unknown')).toBe('a');
    expect(await ids('--type', 'reducer', '--type', 'compute')).toBe('a');
    expect(await ids('--state', 'expired')).toBe('b');
    expect(await ids('--sort', 'health')).toBe('ca');
    expect(await ids('--sort', 'type', '--limit', '1')).toBe('c');
    expect(await ids('--search', 'nobody')).toBe('');
  });

  it('should fetch every page, smaller ones where the operator allows no more', async () => {
    const { registry, run, written } = await withGateway();
    for (let n = 0; n < 450; n += 1) registry.put(sampleNode(`n-${n}`));
    expect(await run('nodes', '--json')).toBe(0);
    const { nodes, totalCount } = JSON.parse(written.out);
    expect([new Set(nodes.map(({ nodeId }: { nodeId: string }) => nodeId)).size, totalCount]).toEqual([450, 450]);
    expect(await run('nodes', '--limit', '3')).toBe(0);
    expect(written.err).toBe('3 of 450 nodes.\n');
  });

  it('should say that none matches, and exit with 1', async () => {
    const { run, written } = await withGateway();
    expect(await run('nodes')).toBe(1);
    expect(written).toEqual({ out: '', err: 'No node matches.\n' });
  });

  it('should end quietly when whoever reads has seen enough', async () => {
    const { registry, run, written } = await withGateway({ closesAfter: 1 });
    for (let n = 0; n < 5; n += 1) registry.put(sampleNode(`n-${n}`));
    expect(await run('nodes')).toBe(0);
    expect(written.err).toBe('');
  });
});

describe('watch', () => {
  it('should print what happens until a signal, and then where it was', async () => {
    const { registry, run, written, signal } = await withGateway();
    registry.put(sampleNode('before'));
    const ended = run('watch', '--snapshot');
    await until('the snapshot is printed', () => written.out.includes('= before (effect, effect-service) healthy'));
    registry.put(sampleNode('db-1'));
    registry.put(sampleNode('db-1', { health: 'UNHEALTHY' }), 'HEALTH_CHANGED', 'check');
    registry.put(sampleNode('db-1', { state: 'EXPIRED' }), 'REMOVED', 'lease_expired');
    await until('the last is printed', () => written.out.includes('expired'));
    expect(written.out).toContain('13:29:00  + db-1 (effect, effect-service) registered, healthy: startup');
    expect(written.out).toContain('♥ db-1 (effect, effect-service) is unhealthy: check');
    signal('SIGINT');
    expect(await ended).toBe(0);
    expect(written.err).toBe('The last cursor is 0000000000000004. Go on from there with --after 0000000000000004\n');
  });

  it('should go on from a cursor, with one event in each line', async () => {
    const { registry, run, written, signal } = await withGateway();
    registry.put(sampleNode('one'));
    registry.put(sampleNode('two'));
    const ended = run('watch', '--after', '0000000000000001', '--json', '--type', 'effect');
    await until('the change is printed', () => written.out.includes('two'));
    signal('SIGTERM');
    expect(await ended).toBe(0);
    expect(JSON.parse(written.out)).toMatchObject({ kind: 'change', type: 'ADDED', nodeId: 'two', cursor: '0000000000000002' });
  });

  it('should end when whoever reads has gone', async () => {
    const { registry, run, hears } = await withGateway({ closesAfter: 1 });
    registry.put(sampleNode('one'));
    registry.put(sampleNode('two'));
    expect(await run('watch', '--after', '0000000000000000')).toBe(0);
    expect(hears()).toBe(false);
  });
});

describe('introspect', () => {
  it('should ask the nodes that are meant, and tell the correlation ids', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('one'));
    registry.put(sampleNode('two'));
    expect(await run('introspect', 'one', 'two', '--reason', 'a test')).toBe(0);
    expect(await run('introspect', '--type', 'effect', '--json')).toBe(0);
    expect(await run('introspect', '--all')).toBe(0);
    expect(registry.introspections).toMatchObject([{ nodeId: 'one', reason: 'a test' }, { nodeId: 'two' }, { nodeTypes: ['effect'] }, {}]);
    expect(written.out).toMatch(/^Asked one; answers have the correlation id \S+\nAsked two; .*\n\{"requests":\[\{"correlationId"/);
  });

  it('should be told which', async () => {
    const { run, written } = await withGateway();
    expect([await run('introspect'), await run('introspect', 'one', '--all')]).toEqual([2, 2]);
    expect(written.err).toContain('Say which nodes: their ids, or --type, or --all');
  });
});

describe('deregister', () => {
  const args = ['deregister', 'ghost', '--reason', 'its host is gone'];

  it('should ask, and do what is said', async () => {
    const { registry, run, written } = await withGateway({ typed: 'n\n', columns: 80, env: { NO_COLOR: '1' } });
    registry.put(sampleNode('ghost'));
    expect(await run(...args)).toBe(1);
    expect(written.err).toContain('Remove ghost (effect, effect-service, 10.0.3.17:8080), registered, healthy? [y/N] ');
    expect(written.err).toContain('Nothing was done.');
    const other = terminal({ typed: 'yes\n', env: { DGW_URL: `http://127.0.0.1:${(await startServer()).port}` } });
    expect(await other.run(...args)).toBe(1);
    expect(other.written.err).toBe('error: No node has ever registered as "ghost"\n');
  });

  it('should remove at a yes, and without a question where that is said', async () => {
    const { registry, run, written } = await withGateway({ typed: 'y\n', columns: 80, env: { NO_COLOR: '1' } });
    registry.put(sampleNode('ghost'));
    expect(await run(...args)).toBe(0);
    expect(written.out).toMatch(/^Removed ghost, at cursor \d+\.\n$/);
    registry.put(sampleNode('ghost'));
    expect(await run(...args, '--yes', '--json')).toBe(0);
  });

  it('should not do it where nobody is there to say so', async () => {
    const { registry, run, written } = await withGateway();
    registry.put(sampleNode('ghost'));
    expect(await run(...args)).toBe(2);
    expect(written.err).toContain('say --yes');
    expect(await run('deregister', 'ghost', '--yes')).toBe(2);
    expect(written.err).toContain("required option '--reason <text>' not specified");
  });
});

describe('rejected', () => {
  const event = {
    errorType: 'INVALID_NODE_ID',
    reason: 'payload.node_id is missing',
    rejectedAt: Date.parse('2026-11-24T13:29:00.000Z'),
    topic: 'dev.introspection',
    partition: 0,
    offset: '1742',
    correlationId: 'c-1',
    excerpt: '{"node_type": "effect\u001b[2J"}',
  };

  it('should say why', async () => {
    const { registry, run, written } = await withGateway();
    registry.rejected.push(event);
    expect(await run('rejected')).toBe(0);
    expect(written.out.split('\n')[1]).toBe('1m   INVALID_NODE_ID  payload.node_id is missing  dev.introspection[0]@1742');
    written.out = '';
    expect(await run('rejected', '--full')).toBe(0);
    expect(written.out).toBe(
      '2026-11-24T13:29:00.000Z  INVALID_NODE_ID: payload.node_id is missing\n  at dev.introspection[0]@1742, correlation id c-1\n  {"node_type": "effect\\u001b[2J"}\n',
    );
    written.out = '';
    expect(await run('rejected', '--json')).toBe(0);
    expect(JSON.parse(written.out).rejectedEvents).toMatchObject([{ offset: '1742' }]);
  });

  it('should say that there is none', async () => {
    const { run, written } = await withGateway();
    expect(await run('rejected')).toBe(1);
    expect(written.err).toBe('No message was rejected.\n');
  });
});

describe('exit codes', () => {
  it('should be 3 where nothing answers, and where something else does', async () => {
    const { run, written } = terminal();
    expect(await run('nodes', '--url', 'http://127.0.0.1:9')).toBe(3);
    expect(written.err).toMatch(/^error: No gateway answers at http:\/\/127\.0\.0\.1:9: .*DGW_URL/);
    expect(await run('watch', '--url', await startAnswering(200, '<html>'))).toBe(3);
    expect(written.err).toContain('is no discovery-gateway, or one of another version: HTTP 200, and no GraphQL');
    expect(await run('nodes', '--url', await startAnswering(200, '{"data":{"nodes":1}}'))).toBe(3);
    expect(await run('nodes', '--url', await startAnswering(503, ''))).toBe(3);
    expect(written.err).toContain('cannot answer now (HTTP 503)');
  });

  it.each([
    ['UNAUTHENTICATED', 4],
    ['FORBIDDEN', 4],
    ['LIMIT_EXCEEDED', 4],
    ['BACKEND_UNAVAILABLE', 3],
    ['BAD_USER_INPUT', 2],
    ['NODE_NOT_FOUND', 1],
    ['INTERNAL_SERVER_ERROR', 1],
  ])('should be for %s %i', async (code, exitCode) => {
    const url = await startAnswering(200, JSON.stringify({ errors: [{ message: `scripted ${code}`, extensions: { code } }] }));
    const { run, written } = terminal();
    expect(await run('resolve', 'x', '--url', url)).toBe(exitCode);
    expect(written.err).toContain(`error: scripted ${code}`);
  });

  it('should say what to do about an error where the gateway cannot know', async () => {
    const failing = (code: string) => startAnswering(200, JSON.stringify({ errors: [{ message: 'No', extensions: { code } }] }));
    const said = async (code: string, env: Record<string, string> = {}) => {
      const { run, written } = terminal({ env });
      await run('nodes', '--url', await failing(code));
      return written.err;
    };
    expect(await said('UNAUTHENTICATED')).toBe(
      'error: No. For this program: put it into DGW_TOKEN, or into a file that DGW_TOKEN_FILE names\n',
    );
    expect(await said('UNAUTHENTICATED', { DGW_TOKEN: 'only-for-a-trial' })).toBe(
      'error: No. The token came from DGW_TOKEN or DGW_TOKEN_FILE\n',
    );
    expect(await said('BACKEND_UNAVAILABLE')).toContain('Try again in a moment');
  });
});

describe('the command line', () => {
  it.each([
    [['node'], /unknown command 'node'\n\(Did you mean nodes\?\)/],
    [['nodes', '--helth', 'x'], /unknown option '--helth'\n\(Did you mean --health\?\)/],
    [['nodes', '--health', 'fine'], /One of healthy, degraded, unhealthy, unknown\./],
    [['nodes', '--limit', '0'], /A whole number from 1 to/],
    [['nodes', '--type', ','], /It is empty\./],
    [['resolve'], /missing required argument 'capability'/],
    [['resolve', 'a', 'b'], /too many arguments/],
    [['nodes', '--url', 'ftp://x'], /--url: "ftp:\/\/x" is no address of a gateway/],
    [['nodes', '--url', 'http://me:secret@x'], /a token belongs into DGW_TOKEN/],
    [['nodes', '--token', 'secret-token'], /There is no option --token: everybody on this machine sees/],
    [['nodes', '--token=secret-token'], /There is no option --token/],
    [[], /Usage: dgw/],
  ])('should refuse %j with 2', async (args, message) => {
    const { run, written } = terminal();
    expect(await run(...args)).toBe(2);
    expect(written.err).toMatch(message);
    expect(written.out).toBe('');
    expect(written.err).not.toContain('secret');
  });

  it('should explain itself', async () => {
    const { run, written } = terminal();
    expect([await run('--help'), await run('help', 'nodes'), await run('nodes', '--help')]).toEqual([0, 0, 0]);
    expect(written.out).toContain('Exit codes:');
    expect(written.out.match(/Usage: dgw nodes \[options\]/g)).toHaveLength(2);
    expect(written.err).toBe('');
  });

  it('should not mind that nobody reads its help', async () => {
    const { run, written } = terminal({ closesAfter: 0 });
    expect(await run('--help')).toBe(0);
    expect(written).toEqual({ out: '', err: '' });
  });

  it('should tell its version', async () => {
    const { run, written } = terminal();
    expect([await run('version'), await run('--version'), await run('version', '--json')]).toEqual([0, 0, 0]);
    const line = `discovery-gateway ${gatewayVersion()}\n`;
    expect(written.out).toBe(`${line}${line}{"version":"${gatewayVersion()}","node":"${process.version}"}\n`);
  });

  it('should colour only in a terminal, and not where colours are not wanted', async () => {
    const colour = '\u001b[';
    const seen = async (options: TerminalOptions) => {
      const { registry, run, written } = await withGateway(options);
      registry.put(sampleNode('a'));
      await run('nodes');
      return written.out.includes(colour);
    };
    expect([await seen({ columns: 80 }), await seen({}), await seen({ columns: 80, env: { NO_COLOR: '1' } })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
